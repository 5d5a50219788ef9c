"""The worker process: JSON lines on stdin and stdout around the engine; it ends when stdin closes.

In:  {"op": "load", ...} once, then {"op": "generate", ...} and {"op": "cancel", "id": ...}.
Out: {"event": "ready" | "token" | "done" | "superseded" | "failed", ...}. stderr is for the log and never
holds text of a prompt or of an answer.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.messages import Done, Event, Generate, Superseded, TokenOut
from llama_assist.errors import ModelError
from llama_assist.types import SamplingParams

if TYPE_CHECKING:
    from llama_assist.engine.threads import ThreadGovernor

HEARTBEAT = 5.0  # seconds of work without a line after which the supervisor is told that all is well


class Worker:
    """Joins three things: lines that come in, the engine, lines that go out."""

    def __init__(self, incoming: TextIO, outgoing: TextIO) -> None:
        self._outgoing = outgoing
        self._last_sent = time.monotonic()
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(incoming,), daemon=True).start()

    def run(self) -> int:
        """Load, then serve until stdin closes; return the exit code."""
        order = self._lines.get()
        if order is None:
            return 0
        try:
            self._load(order)
        except ModelError as error:
            self._send({"event": "failed", "message": str(error), "reason": error.reason})
            return 1
        self._serve()
        return 0

    def _load(self, order: dict[str, Any]) -> None:
        """Verify, estimate, load; the files are hashed while torch is imported and weights are prepared."""
        started = time.perf_counter()
        manifest = Path(order["manifest"]) if order.get("manifest") else None
        checkpoint = Checkpoint(Path(order["checkpoint"]), order["id"], manifest)
        with _Verification(checkpoint):
            self._threads = _make_governor(order["num_threads"])
            runner, device = _load_runner(checkpoint, order)
            from llama_assist.engine.engine import Engine
            from llama_assist.engine.vocabulary import Vocabulary

            vocabulary = Vocabulary.from_file(checkpoint.tokenizer_path)
        self._engine = Engine(runner, vocabulary, order["num_slots"])
        ready = {"event": "ready", "device": device, "weights": runner.weights, "length": runner.length}
        seconds = time.perf_counter() - started
        self._send({**ready, "weight_bytes": runner.num_bytes, "seconds": seconds})

    def _serve(self) -> None:
        while True:
            while not self._engine.num_sequences or not self._lines.empty():
                was_idle = not self._engine.num_sequences
                line = self._lines.get()
                if line is None:
                    return
                if was_idle:
                    self._threads.restart()
                self._obey(line)
            self._threads.update()
            self._emit(self._engine.step())
            if time.monotonic() - self._last_sent > HEARTBEAT:
                self._send({"event": "alive"})

    def _obey(self, line: dict[str, Any]) -> None:
        if line["op"] == "cancel":
            self._emit(self._engine.cancel(line["id"]))
        else:
            self._emit(self._engine.submit(parse_generate(line)))

    def _emit(self, events: list[Event]) -> None:
        for event in events:
            self._send(event_line(event))

    def _send(self, line: dict[str, Any]) -> None:
        self._last_sent = time.monotonic()
        self._outgoing.write(json.dumps(line) + "\n")
        self._outgoing.flush()

    def _read(self, incoming: TextIO) -> None:
        """Pass lines on; a closed stdin means that nobody waits for answers any more."""
        for line in incoming:
            self._lines.put(json.loads(line))
        self._lines.put(None)


class _Verification:
    """Hashes the checkpoint while the block loads it; nothing that is read counts before the block has ended."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._error: ModelError | None = None
        self._thread = threading.Thread(target=self._run, args=(checkpoint,), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *failure: object) -> None:
        """Raise `ModelError` if a file is not what the manifest says: then it is also why loading failed."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self, checkpoint: Checkpoint) -> None:
        try:
            checkpoint.verify()
        except ModelError as error:
            self._error = error


def _make_governor(num_threads: int) -> ThreadGovernor:
    from llama_assist.engine.threads import ThreadGovernor

    return ThreadGovernor(num_threads)


def _load_runner(checkpoint: Checkpoint, order: dict[str, Any]) -> tuple[Any, str]:
    """Return the network and the name of its device; the estimate comes first, so that memory suffices."""
    import torch

    from llama_assist.engine.runner import load_runner
    from llama_assist.engine.weights import choose_prefill, choose_weights

    device = _choose_device(order["device"])
    weights = choose_weights(order["weights"], device)
    fast_prefill, length = choose_prefill(order["fast_prefill"], device), order["context_length"]
    if device.type == "cpu":
        checkpoint.check_memory(weights, fast_prefill=fast_prefill, context_length=length, num_slots=order["num_slots"])
    runner = load_runner(checkpoint, weights, device, fast_prefill=fast_prefill, length=length)
    return runner, torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _choose_device(wanted: str) -> Any:
    import torch

    if wanted == "cuda" and not torch.cuda.is_available():
        raise ModelError("device is set to cuda, but torch sees no GPU. Set Assist.device to cpu or auto.", "no-gpu")
    has_gpu = wanted != "cpu" and torch.cuda.is_available()
    return torch.device("cuda" if has_gpu else "cpu")


def parse_generate(line: dict[str, Any]) -> Generate:
    """Read a generate line; `forced` travels as latin-1 text, one character a byte."""
    sampling = dict(line["sampling"])
    sampling["stop"] = tuple(sampling.get("stop", ()))
    sampling["logit_bias"] = {int(key): value for key, value in sampling.get("logit_bias", {}).items()}
    sampling.pop("stop_tokens", None)
    return Generate(
        id=line["id"],
        token_ids=tuple(line["token_ids"]),
        sampling=SamplingParams(**sampling),
        stop_ids=frozenset(line.get("stop_ids", ())),
        forced=line.get("forced", "").encode("latin-1"),
        priority=line.get("priority", "chat"),
        document=line.get("document", ""),
        drafts=line.get("drafts", True),
    )


def event_line(event: Event) -> dict[str, Any]:
    """Return an event as the mapping that goes out."""
    if isinstance(event, TokenOut):
        line = {"event": "token", "id": event.id, "token_id": event.choice.token_id, "text": event.text}
        line["usage"] = asdict(event.usage)
        return {**line, "piece": event.piece, "logprob": event.choice.logprob, "top": event.top}
    if isinstance(event, Done):
        line = {"event": "done", "id": event.id, "finish_reason": event.finish_reason, "text": event.text}
        return {**line, "usage": asdict(event.usage)}
    assert isinstance(event, Superseded)
    return {"event": "superseded", "id": event.id}


def main() -> int:
    """Serve on stdin and stdout; whatever else prints goes to stderr."""
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the server; stdin tells us
    try:
        return Worker(sys.stdin, outgoing).run()
    except BrokenPipeError:
        return 0
    except Exception as error:  # the outermost edge: name the place, never the text
        places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        print(f"engine worker failed: {type(error).__name__} at {' < '.join(reversed(places))}", file=sys.stderr)
        return 70


if __name__ == "__main__":
    sys.exit(main())
