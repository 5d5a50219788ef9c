"""One inline completion through the model: the prompts to try, the jobs, and the likelier of the answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace

from llama_assist.backends import Backend
from llama_assist.candidates import ALTERNATIVES, FEW_ALTERNATIVES, Attempt
from llama_assist.inline import InlineAnswer
from llama_assist.postprocess.site import Site
from llama_assist.types import Chunk, CompletionRequest, Job, Prompt, SamplingParams

CANDIDATE_TEMPERATURE = 0.7  # further candidates must differ from the first

Notes = dict[str, object]
"""What a backend says beside its text, for the user to see."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What the candidates of one request have in common.

    `prompts` are tried one after the other while the answer is doubtful, the first one always; `debug` goes into the
    last chunk.
    """

    backend: Backend
    request: CompletionRequest
    site: Site
    prompts: tuple[Prompt, ...]
    stops: tuple[str, ...]
    threshold: float
    without: Collection[str]
    debug: dict[str, object]

    def write(self, attempt: Attempt) -> tuple[InlineAnswer, AsyncGenerator[Chunk, None]]:
        """Return the answer to be and the chunks that make it."""
        answer = InlineAnswer(self.request, self.site, self.threshold, self.without)
        return answer, self._write_best(answer, attempt)

    async def _write_best(self, answer: InlineAnswer, attempt: Attempt) -> AsyncGenerator[Chunk, None]:
        """Write one candidate; the first again in other ways while it is doubtful; the likeliest is shown."""
        best, notes = answer, Notes()
        async with aclosing(self._write(self.prompts[0], answer, attempt, notes)) as chunks:
            async for chunk in chunks:
                yield chunk
        for prompt, other in self._other_tries(answer) if attempt.number == 0 else ():
            if best.is_settled:
                break
            async with aclosing(self._write(prompt, other, attempt, notes)) as chunks:
                async for chunk in chunks:
                    yield chunk
            best = max(best, other, key=lambda each: each.confidence)
        yield best.close(self.debug | notes)

    def _other_tries(self, answer: InlineAnswer) -> Iterator[tuple[Prompt, InlineAnswer]]:
        """Yield what else may be asked: with more of the code below, then from a start that it calls for."""
        for prompt in self.prompts[1:]:
            yield prompt, answer.again()
        led = answer.led()
        if led is not None:
            prompt = self.prompts[-1]
            yield replace(prompt, typed=prompt.typed + led.lead), led

    async def _write(
        self, prompt: Prompt, answer: InlineAnswer, attempt: Attempt, notes: Notes
    ) -> AsyncGenerator[Chunk, None]:
        """Let the model write until the answer is over; leaving the loop frees the engine."""
        job = self._job(prompt, answer, attempt)
        written = noted(self.backend.generate(job), notes)
        async with aclosing(attempt.continued(written, job.prompt.typed)) as chunks:
            async for chunk in chunks:
                text = answer.take(chunk)
                if text:
                    yield Chunk(text, usage=answer.usage)
                if answer.is_over:
                    break

    def _job(self, prompt: Prompt, answer: InlineAnswer, attempt: Attempt) -> Job:
        document = self.request.document if attempt.number == 0 else None
        key = f"{document.path}#{document.cell}" if document is not None and document.path else ""
        return Job(replace(prompt, typed=prompt.typed + attempt.head), self._sampling(answer, attempt), "inline", key)

    def _sampling(self, answer: InlineAnswer, attempt: Attempt) -> SamplingParams:
        sampling = reseeded(self.request.sampling, attempt.number)
        is_drawn = attempt.number > 0 and not attempt.head
        alternatives = 0 if attempt.number else ALTERNATIVES if self.request.n > 1 else FEW_ALTERNATIVES
        return replace(
            sampling,
            max_tokens=min(sampling.max_tokens, answer.plan.max_tokens) - len(attempt.tokens[1:]),
            stop=(*sampling.stop, *answer.plan.stop),
            stop_tokens=self.stops,
            temperature=sampling.temperature or (CANDIDATE_TEMPERATURE if is_drawn else 0.0),
            logprobs=max(sampling.logprobs or 0, alternatives) or sampling.logprobs,
        )


def reseeded(sampling: SamplingParams, index: int) -> SamplingParams:
    """Give each choice a seed of its own, or all would be the same."""
    return sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + index)


async def noted(chunks: AsyncGenerator[Chunk, None], notes: Notes) -> AsyncGenerator[Chunk, None]:
    """Pass the chunks on, and keep what the backend says beside the text."""
    async with aclosing(chunks):
        async for chunk in chunks:
            notes.update(chunk.debug or {})
            yield chunk
