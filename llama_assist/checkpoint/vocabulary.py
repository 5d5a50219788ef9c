"""What a model's tokenizer files say about its special tokens and its chat template, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from llama_assist.checkpoint.bounded_json import MAX_TOKENIZER_BYTES, read_object, read_optional_object
from llama_assist.checkpoint.settings import refuse_remote_code
from llama_assist.errors import ModelError

MAX_TEMPLATE_BYTES = 64 << 10
_BOS_BY_DEFAULT = ("LlamaTokenizer", "LlamaTokenizerFast", "CodeLlamaTokenizer", "CodeLlamaTokenizerFast")


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer files in `folder` of the model `name`; malformed ones raise `ModelError` (`bad-tokenizer`)."""

    folder: Path
    name: str

    @cached_property
    def settings(self) -> dict[str, Any]:
        """tokenizer_config.json, or nothing; `ModelError` with reason `remote-code` if it names code."""
        content = read_optional_object(self.folder / "tokenizer_config.json")
        refuse_remote_code(content, self.name)
        return content

    @cached_property
    def _tokenizer(self) -> dict[str, Any]:
        return read_object(self.folder / "tokenizer.json", MAX_TOKENIZER_BYTES, "bad-tokenizer")

    @cached_property
    def special_tokens(self) -> dict[int, str]:
        """Texts of the added tokens by number."""
        listed = self.settings.get("added_tokens_decoder")
        try:
            if listed:
                return {int(index): str(token["content"]) for index, token in listed.items()}
            return {int(token["id"]): str(token["content"]) for token in self._tokenizer.get("added_tokens", [])}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._malformed("added tokens", error) from error

    def _malformed(self, what: str, error: Exception) -> ModelError:
        return ModelError(f"The {what} of {self.name} are malformed ({error!r}).", "bad-tokenizer")

    def token(self, key: str) -> str:
        """Return the text of `bos_token` or `eos_token`, empty if there is none."""
        value = self.settings.get(key)
        if isinstance(value, dict):
            value = value.get("content")
        return value if isinstance(value, str) else ""

    @cached_property
    def chat_template(self) -> str:
        """The default template, or an empty text; one of more than 64 KiB is refused, not cut."""
        path = self.folder / "chat_template.jinja"
        if path.exists():
            template: Any = _read_template(path)
        else:
            template = self.settings.get("chat_template")
        if isinstance(template, list):
            named = [item for item in template if isinstance(item, dict) and item.get("name") == "default"]
            template = named[0].get("template") if named else None
        if template is None:
            return ""
        if not isinstance(template, str) or len(template.encode("utf-8", "surrogatepass")) > MAX_TEMPLATE_BYTES:
            raise ModelError(f"The chat template of {self.name} is no text of at most 64 KiB.", "bad-template")
        return template

    def bos_token(self) -> str:
        """Return the token with which every prompt begins; empty if the model was trained without one."""
        token = self.token("bos_token")
        if not token or "bos_token" in self.chat_template:
            return token
        adds = self.settings.get("add_bos_token")
        if adds is None:
            adds = self._post_processor_adds(token) or self.settings.get("tokenizer_class") in _BOS_BY_DEFAULT
        return token if adds else ""

    def _post_processor_adds(self, token: str) -> bool:
        """Whether tokenizer.json puts `token` before a single text."""
        processor = self._tokenizer.get("post_processor")
        steps = processor.get("processors", [processor]) if isinstance(processor, dict) else []
        try:
            templates = [step["single"] for step in steps if step.get("type") == "TemplateProcessing"]
            return any(single[0].get("SpecialToken", {}).get("id") == token for single in templates if single)
        except (AttributeError, KeyError, TypeError) as error:
            raise self._malformed("post-processing rules", error) from error

    def eos_tokens(self, config: dict[str, Any]) -> tuple[str, ...]:
        """Return the tokens that end an answer: the tokenizer's own, then those of the generation settings."""
        generation = read_optional_object(self.folder / "generation_config.json")
        refuse_remote_code(generation, self.name)
        ids = generation.get("eos_token_id", config.get("eos_token_id"))
        ids = ids if isinstance(ids, list) else [ids]
        texts = [self.token("eos_token"), *(self.special_tokens.get(index, "") for index in ids if type(index) is int)]
        return tuple(dict.fromkeys(text for text in texts if text))


def _read_template(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(MAX_TEMPLATE_BYTES + 1)
    return raw.decode("utf-8", "replace")
