"""Every knob, declared once; set by `c.Assist.<name>`, `--Assist.<name>=` or jupyter_llama_assist_config.py."""

from __future__ import annotations

from traitlets import Bool, Dict, Enum, Float, Int, Unicode
from traitlets.config import Configurable


class Assist(Configurable):
    """Settings of the assistant and of its engine."""

    model = Unicode(
        "qwen2.5-coder-0.5b-instruct",
        help="Model to serve: a catalogue id, `hub:owner/name[@revision]`, a folder, or a GGUF file.",
    ).tag(config=True)
    weights = Enum(
        ["auto", "int4", "int8", "bf16", "float32"],
        "auto",
        help="Number form of the weights. auto: int4 on the CPU, bf16 on a GPU.",
    ).tag(config=True)
    fast_prefill = Bool(
        True,
        help="Keep bf16 weights beside the quantised ones, where the processor multiplies bf16: "
        "prompts are read faster, for more memory.",
    ).tag(config=True)
    device = Enum(["auto", "cpu", "cuda"], "auto", help="Where the model runs.").tag(config=True)
    num_threads = Int(0, min=0, help="CPU threads of the engine; 0 takes every core.").tag(config=True)
    context_length = Int(
        4096, min=256, help="Most tokens of prompt and answer together; the model's own limit if that is less."
    ).tag(config=True)
    num_slots = Int(4, min=1, help="KV slots: how many conversations and documents stay cached.").tag(config=True)
    max_queue = Int(16, min=1, help="Requests that may wait or run; one more is refused with 429.").tag(config=True)
    max_user_queue = Int(
        0,
        min=0,
        help="Requests of one person that may wait or run, where the server tells several apart; one more is refused "
        "with 429. 0 is no limit.",
    ).tag(config=True)
    idle_unload = Int(
        0, min=0, help="Seconds without a request after which the engine gives its memory back; 0 keeps it."
    ).tag(config=True)
    preload = Bool(False, help="Start the engine with the server instead of at the first request.").tag(config=True)
    prompt_tokens = Int(
        1400, min=64, help="Most tokens of an inline completion's prompt: cells, prefix and suffix together."
    ).tag(config=True)
    min_confidence = Float(
        0.3, min=0.0, max=1.0, help="Hide automatic suggestions that are less likely than this to be right."
    ).tag(config=True)
    backend_url = Unicode(
        "",
        help="An OpenAI-compatible server that runs the model, such as http://127.0.0.1:8000/v1; "
        "empty: the engine on this machine.",
    ).tag(config=True)
    backend_keys = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        help="Keys of remote engines by origin, such as {'https://gpu.example:8000': 'KEY'}; each goes to its origin "
        "only. Better than here is the environment: see LLAMA_ASSIST_BACKEND_KEY.",
    ).tag(config=True)
    backend_timeout = Float(
        60.0, min=0.1, help="Seconds that a remote engine may be silent before its answer counts as lost."
    ).tag(config=True)
    backend_fill = Enum(
        ["auto", "marks", "suffix", "prefix"],
        "auto",
        help="How a remote engine is told what follows the cursor: by the special tokens of the model's family in the "
        "prompt, in the field `suffix`, or not at all. auto: by what the server and the model's name say.",
    ).tag(config=True)
    chat_model = Unicode(
        "", help="Another model for chat and tasks; empty: the one that completes. Requests may name either."
    ).tag(config=True)
    chat_backend_url = Unicode(
        "", help="The server that runs `chat_model`; empty: the same as for completions; `local`: this machine."
    ).tag(config=True)
