"""The process around llama-cpp-python: GGUF, threads, context in argv; JSON lines in, timings out; ends with stdin."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from typing import Any

import llama_cpp

from llama_assist.cli.bench.llama_cpp_streams import stream_speed


def main() -> None:
    """Load, say so, and answer until stdin closes; whatever else prints goes to stderr."""
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    path, num_threads, context_length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    try:
        model = _load(path, num_threads, context_length)
    except (ValueError, RuntimeError, OSError) as error:
        print(json.dumps({"error": str(error)}), file=outgoing, flush=True)
        return
    print(json.dumps({"version": llama_cpp.__version__}), file=outgoing, flush=True)
    for line in sys.stdin:
        print(json.dumps(_obey(model, json.loads(line), num_threads)), file=outgoing, flush=True)


def _load(path: str, num_threads: int, context_length: int) -> Any:
    threads = {"n_threads": num_threads, "n_threads_batch": num_threads}
    return llama_cpp.Llama(path, n_ctx=context_length, verbose=False, **threads)


def _obey(model: Any, order: dict[str, Any], num_threads: int) -> dict[str, float]:
    if "streams" not in order:
        return _answer(model, order["segments"], order["max_tokens"])
    prompts = [model.tokenize(text.encode(), add_bos=False, special=False) for text in order["streams"]]
    return {"tokens_per_second": stream_speed(model, prompts, order["max_tokens"], num_threads)}


def _answer(model: Any, segments: list[tuple[str, bool]], max_tokens: int) -> dict[str, float]:
    """Return the members of a `Timing`; the prefix cache is llama-cpp-python's own."""
    started = time.perf_counter()
    token_ids = [
        token_id
        for text, is_special in segments
        for token_id in model.tokenize(text.encode(), add_bos=False, special=is_special)
    ]
    cached_tokens = _common_prefix(model.input_ids[: model.n_tokens].tolist(), token_ids)
    times, num_tokens = [], 0
    tokens = model.generate(token_ids, temp=0.0, repeat_penalty=1.0)
    while num_tokens < max_tokens:
        token_id = next(tokens)
        num_tokens += 1
        times.append((time.perf_counter() - started) * 1e3)
        if llama_cpp.llama_vocab_is_eog(llama_cpp.llama_model_get_vocab(model.model), token_id):
            break
    tokens.close()
    return {
        "first_token_ms": times[0],
        "last_token_ms": times[-1],
        "total_ms": times[-1],
        "num_tokens": num_tokens,
        "prompt_tokens": len(token_ids),
        "cached_tokens": min(cached_tokens, len(token_ids) - 1),
    }


def _common_prefix(first: list[int], second: list[int]) -> int:
    length = min(len(first), len(second))
    return next((index for index in range(length) if first[index] != second[index]), length)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # nobody waits for figures any more
        main()
