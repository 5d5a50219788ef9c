"""The values that travel between the layers: documents, prompts, sampling, chunks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CellType = Literal["code", "markdown", "raw"]
FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One notebook cell; `outputs` are plain texts and travel only where a task asks for them."""

    source: str
    type: CellType = "code"
    id: str = ""
    outputs: tuple[str, ...] = ()
    execution_count: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """The schema of one live kernel variable: never its value."""

    name: str
    type: str
    shape: tuple[int, ...] = ()
    dtype: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A notebook, or a file as a document of one cell; `cell` is the index of the cell with the cursor."""

    cells: tuple[Cell, ...]
    cell: int = 0
    path: str = ""
    language: str = "python"
    variables: tuple[Variable, ...] = ()


def cell_number(index: int) -> int:
    """Return the number under which people, and the model, read of the cell at `index`: the first one is cell 1."""
    return index + 1


def cell_index(number: int) -> int:
    """Return the index of the cell that people call `number`."""
    return number - 1


@dataclass(frozen=True, slots=True)
class Special:
    """A special token by its exact text. User text is `str` and can never become one."""

    text: str


@dataclass(frozen=True, slots=True)
class Markup:
    """Text from the model's own chat template: special tokens in it are meant, and are recognised."""

    text: str


Segment = str | Special | Markup


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a backend gets: segments, each encoded on its own, then `typed`.

    `typed` is the beginning of the answer that already stands in the document; the backend
    heals its last token and returns only what follows it.
    """

    segments: tuple[Segment, ...]
    typed: str = ""


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How tokens are chosen and when to stop. `temperature=0` is greedy."""

    max_tokens: int = 256
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    stop_tokens: tuple[str, ...] = ()
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    logprobs: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one answer; `cached_tokens` of the prompt cost nothing."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One chosen token with the natural logarithm of its probability and the best alternatives."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()
    text_offset: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer. The last chunk of a choice has a `finish_reason`; `usage` counts up to this chunk."""

    text: str = ""
    index: int = 0
    logprobs: tuple[TokenLogprob, ...] = ()
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    debug: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """Text to insert between `prefix` and `suffix`, which are the cell (or file) around the cursor.

    `raw` sends the prefix as it is, without template, context or filters. When `max_ms` have passed since the first
    token, the next line end from the second on ends the answer. `best_first` orders all choices by how
    likely they are right, which is known when the last one is written; else the first is the first that is written.
    """

    prefix: str
    suffix: str = ""
    document: Document | None = None
    sampling: SamplingParams = SamplingParams()
    n: int = 1
    raw: bool = False
    manual: bool = False
    best_first: bool = False
    max_ms: float | None = None
    user: str = field(default="", compare=False)
    model: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A conversation to continue; with `document` its cells become context."""

    messages: tuple[Message, ...]
    document: Document | None = None
    sampling: SamplingParams = SamplingParams()
    n: int = 1
    user: str = field(default="", compare=False)
    model: str = field(default="", compare=False)


TaskName = Literal["ask", "explain", "fix", "document", "test", "refactor", "next", "summarize", "translate"]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that the cell raised when it ran, as the kernel tells it."""

    name: str
    value: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A task on the cell `document.cell`, or on the whole notebook.

    `question` is what `ask` asks, and a wish beside any other task; `language` is what `translate` writes in;
    `messages` are earlier turns of `ask`; `avoid` holds code that is no fix. `max_tokens` None leaves the length
    to the task; `sampling.max_tokens` does not count.
    """

    task: TaskName
    document: Document
    question: str = ""
    failure: Failure | None = None
    language: str = ""
    messages: tuple[Message, ...] = ()
    avoid: tuple[str, ...] = ()
    max_tokens: int | None = None
    sampling: SamplingParams = SamplingParams()
    user: str = field(default="", compare=False)
    model: str = field(default="", compare=False)


Priority = Literal["inline", "chat", "idle"]


@dataclass(frozen=True, slots=True)
class Job:
    """What a backend runs: a prompt, its sampling, its priority, and the document it belongs to.

    A newer inline job with the same non-empty `document` takes the place of the older one, and any job that of an
    idle one. Without `drafts` an engine writes token by token: the text is the same.
    """

    prompt: Prompt
    sampling: SamplingParams
    priority: Priority = "chat"
    document: str = ""
    drafts: bool = True


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the prompt layer needs to know of a model: family names the FIM template."""

    id: str
    family: str
    context_length: int
    chat_template: str = ""
    bos_token: str = ""
    eos_tokens: tuple[str, ...] = ()
    created: int = 0


@dataclass(frozen=True, slots=True)
class RemoteEngine:
    """The server that text is sent to, and the model that it runs there; `redacted` secrets were left out so far."""

    origin: str
    model: str
    redacted: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """State of a backend, as `GET status` shows it. `remote` is None where no text leaves for another server."""

    state: Literal["stopped", "loading", "ready", "failed"]
    model: str
    detail: str = ""
    device: str = ""
    weights: str = ""
    memory_bytes: int = 0
    queue: int = 0
    running: int = 0
    restarts: int = 0
    latencies_ms: tuple[float, ...] = ()
    remote: RemoteEngine | None = None
