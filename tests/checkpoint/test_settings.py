"""Of a model's settings only known, plausible values pass; whatever could run code is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from model_files import llama_config, write_json

from llama_assist.checkpoint import Checkpoint
from llama_assist.checkpoint.family import infer_family
from llama_assist.checkpoint.settings import clean_config, is_native
from llama_assist.checkpoint.vocabulary import Vocabulary
from llama_assist.errors import ModelError


def reason_of(config: dict[str, Any]) -> str:
    with pytest.raises(ModelError) as caught:
        clean_config(config, "model")
    return caught.value.reason


def test_unknown_keys_of_a_known_architecture_are_dropped() -> None:
    assert clean_config(llama_config(surprise=1, _name_or_path="x"), "model") == llama_config()


def test_other_architectures_keep_their_keys_but_the_private_ones() -> None:
    config = {"model_type": "gpt_bigcode", "n_embd": 8, "_name_or_path": "x"}
    assert clean_config(config, "model") == {"model_type": "gpt_bigcode", "n_embd": 8}


@pytest.mark.parametrize(
    "danger",
    [
        {"auto_map": {"AutoModel": "x--y.Z"}},
        {"custom_pipelines": {}},
        {"trust_remote_code": True},
        {"_attn_implementation": "owner/kernel"},
        {"_attn_implementation_internal": "owner/kernel"},
        {"attn_implementation": "owner/kernel"},
        {"text_config": {"deep": [{"auto_map": {}}]}},
    ],
)
def test_settings_that_ask_for_code_are_refused(danger: dict[str, Any]) -> None:
    assert reason_of(llama_config(**danger)) == "remote-code"
    assert reason_of({"model_type": "other", **danger}) == "remote-code"


@pytest.mark.parametrize("model_type", [None, "", 7, ["llama"]])
def test_settings_without_an_architecture_are_refused(model_type: object) -> None:
    assert reason_of(llama_config(model_type=model_type)) == "unknown-architecture"


def test_weights_that_are_stored_quantised_are_refused() -> None:
    assert reason_of(llama_config(quantization_config={"quant_method": "gptq"})) == "unsupported-form"


@pytest.mark.parametrize("key", ["hidden_size", "num_hidden_layers", "vocab_size", "num_attention_heads"])
@pytest.mark.parametrize("value", [None, 0, -1, 1 << 40, 1.5, "64", True])
def test_implausible_counts_are_refused(key: str, value: object) -> None:
    assert reason_of(llama_config(**{key: value})) == "bad-config"


@pytest.mark.parametrize(
    ("changes", "native"),
    [
        ({}, True),
        ({"model_type": "qwen2", "use_sliding_window": False, "sliding_window": 4096}, True),
        ({"model_type": "qwen2", "use_sliding_window": True, "sliding_window": 64}, False),
        ({"model_type": "mistral", "sliding_window": None}, True),
        ({"model_type": "mistral", "sliding_window": 64}, False),
        ({"model_type": "gpt_bigcode"}, False),
    ],
)
def test_the_own_network_takes_dense_models_without_sliding_windows(changes: dict[str, Any], native: bool) -> None:
    assert is_native(llama_config(**changes)) is native


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"a": 1, "a": 2}', b"[" * 100_000, b"\xff"])
def test_a_config_that_is_no_object_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "config.json").write_bytes(raw)
    with pytest.raises(ModelError) as caught:
        _ = Checkpoint(tmp_path, "model").config
    assert caught.value.reason == "bad-config"


def test_a_huge_config_is_refused_before_parsing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b" " * (5 << 20) + b"{}")
    with pytest.raises(ModelError, match="longer than 4 MiB"):
        _ = Checkpoint(tmp_path, "model").config


def vocabulary(folder: Path, tokenizer: dict[str, Any] | None = None, **settings: Any) -> Vocabulary:
    write_json(folder / "tokenizer_config.json", settings)
    write_json(folder / "tokenizer.json", {} if tokenizer is None else tokenizer)
    return Vocabulary(folder, "model")


def test_a_bos_token_is_used_only_where_the_model_was_trained_with_it(tmp_path: Path) -> None:
    assert vocabulary(tmp_path, bos_token="<s>", add_bos_token=False).bos_token() == ""
    assert vocabulary(tmp_path, bos_token="<s>").bos_token() == ""
    assert vocabulary(tmp_path, bos_token="<s>", add_bos_token=True).bos_token() == "<s>"
    assert vocabulary(tmp_path, bos_token={"content": "<s>"}, tokenizer_class="LlamaTokenizer").bos_token() == "<s>"
    assert vocabulary(tmp_path, bos_token="<s>", chat_template="{{ bos_token }}").bos_token() == "<s>"
    assert vocabulary(tmp_path, bos_token=None, add_bos_token=True).bos_token() == ""


def test_a_post_processor_that_adds_bos_is_noticed(tmp_path: Path) -> None:
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}]}
    both = {"type": "Sequence", "processors": [{"type": "ByteLevel"}, template]}
    assert vocabulary(tmp_path, {"post_processor": template}, bos_token="<s>").bos_token() == "<s>"
    assert vocabulary(tmp_path, {"post_processor": both}, bos_token="<s>").bos_token() == "<s>"
    assert vocabulary(tmp_path, {"post_processor": both}, bos_token="<b>").bos_token() == ""


def test_end_tokens_come_from_all_settings_once(tmp_path: Path) -> None:
    tokens = {"added_tokens": [{"id": 5, "content": "<end>"}, {"id": 6, "content": "<stop>"}]}
    found = vocabulary(tmp_path, tokens, eos_token="<end>").eos_tokens({"eos_token_id": 6})
    assert found == ("<end>", "<stop>")
    write_json(tmp_path / "generation_config.json", {"eos_token_id": [5]})
    assert Vocabulary(tmp_path, "model").eos_tokens({"eos_token_id": 6}) == ("<end>",)


def test_the_default_of_several_chat_templates_is_taken(tmp_path: Path) -> None:
    templates = [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}]
    assert vocabulary(tmp_path, chat_template=templates).chat_template == "b"


def test_a_template_file_goes_before_the_settings(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_text("c")
    assert vocabulary(tmp_path, chat_template="a").chat_template == "c"


@pytest.mark.parametrize("template", ["x" * 65_537, 7, {"a": 1}])
def test_an_oversize_or_malformed_template_is_refused(tmp_path: Path, template: object) -> None:
    with pytest.raises(ModelError) as caught:
        _ = vocabulary(tmp_path, chat_template=template).chat_template
    assert caught.value.reason == "bad-template"


@pytest.mark.parametrize("tokens", [7, ["a"], {"x": {"content": "a"}}, {"1": "a"}])
def test_malformed_added_tokens_are_refused(tmp_path: Path, tokens: object) -> None:
    with pytest.raises(ModelError) as caught:
        _ = vocabulary(tmp_path, added_tokens_decoder=tokens).special_tokens
    assert caught.value.reason == "bad-tokenizer"


def test_tokenizer_settings_that_ask_for_code_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        _ = vocabulary(tmp_path, auto_map={"AutoTokenizer": "x"}).settings
    assert caught.value.reason == "remote-code"


@pytest.mark.parametrize(
    ("name", "model_type", "tokens", "family"),
    [
        ("Qwen2.5-Coder-7B", "qwen2", ["<|fim_prefix|>"], "qwen2.5-coder"),
        ("Qwen2.5-7B", "qwen2", ["<|fim_prefix|>"], "qwen2"),
        ("qwen2.5-coder-tiny", "qwen2", [], "qwen2"),
        ("CodeLlama-7b-hf", "llama", ["▁<PRE>"], "code-llama"),
        ("granite-3b-code-base", "llama", ["<fim_prefix>"], "granite-code"),
        ("deepseek_coder_1.3b", "llama", ["<｜fim▁begin｜>"], "deepseek-coder"),
        ("Mellum-4b-base", "llama", ["<fim_suffix>"], "mellum"),
        ("starcoder2-3b", "starcoder2", ["<fim_prefix>"], "starcoder"),
        ("SmolLM2-135M", "llama", [], "smollm2"),
        ("my-model", "llama", ["<fim_prefix>"], "llama"),
    ],
)
def test_a_family_needs_its_name_and_its_token(name: str, model_type: str, tokens: list[str], family: str) -> None:
    assert infer_family([name], model_type, tokens) == family
