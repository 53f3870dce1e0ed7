"""The llama.cpp engine: GGUF weights on a CPU, through the prebuilt xllamacpp wheel."""

from __future__ import annotations

import math
import os
import queue
import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.errors import BylineError
from rag.types import Message, Reading, Usage

_TOP_LOGPROBS = 20
_SLOTS = 2  # each keeps the keys and values of its own last prompt
_REPLIES, _PROBABILITIES = range(_SLOTS)


class LlamaCppGenerator:
    """Chats with a GGUF model in this process.

    The beginning that a prompt shares with the last one of its kind (a reply, or a probability) is
    kept, so it costs nothing again.

    Source: https://github.com/ggml-org/llama.cpp, its server's chat completions.
    """

    engine = "llama.cpp"

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        context_tokens: int = 4096,
        max_new_tokens: int = 256,
        threads: int | None = None,
    ) -> None:
        """Load the weights at `path`, which takes seconds; BylineError when they cannot be read."""
        import xllamacpp

        if not path.is_file():
            raise BylineError(f"The model file {path} is not there; run: byline fetch")
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = _SLOTS * context_tokens
        params.n_parallel = _SLOTS
        params.cpuparams.n_threads = threads or physical_cores()
        params.cpuparams_batch.n_threads = threads or physical_cores()
        params.verbosity = -1
        # The library opens an HTTP port on loopback, unasked: the key that nobody has locks it.
        params.api_keys = [secrets.token_hex(32)]
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            raise BylineError(
                f"llama.cpp could not load {path} ({error}); it must be a chat model's GGUF file."
            ) from error
        self.name = name
        self.usage = Usage()
        self._max_new_tokens = max_new_tokens
        self._one_at_a_time = threading.Lock()

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        """Pieces of the reply. Closing the iterator stops the model within one token."""
        with self._one_at_a_time:
            self.usage = Usage()
            yield from self._stream(self._body(messages, _REPLIES, max_tokens=self._max_new_tokens))

    @property
    def taught(self) -> bool:
        return False

    def states_answer(self, question: str, passages: Sequence[tuple[str, str]]) -> None:
        """Not told: what was learnt is of layers that llama.cpp does not open."""

    def read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None = None
    ) -> list[Reading]:
        """How likely each reply begins with `word`. The likelihood of `told` it does not tell."""
        with self._one_at_a_time:
            return [Reading(self._probability(chat, word)) for chat in chats]

    def _probability(self, messages: Sequence[Message], word: str) -> float:
        body = self._body(messages, _PROBABILITIES, max_tokens=1)
        body |= {"stream": False, "logprobs": True, "top_logprobs": _TOP_LOGPROBS}
        reply = self._server.handle_chat_completions(body)
        _raise_if_error(reply)
        first = reply["choices"][0]["logprobs"]["content"][0]
        return sum(
            math.exp(candidate["logprob"])
            for candidate in first["top_logprobs"]
            if candidate["token"].strip().lower() == word.lower()
        )

    def _body(self, messages: Sequence[Message], slot: int, *, max_tokens: int) -> dict[str, Any]:
        return {
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "max_tokens": max_tokens,
            "temperature": 0.0,
            "cache_prompt": True,
            "id_slot": slot,
            "stream": True,
        }

    def _stream(self, body: dict[str, Any]) -> Iterator[str]:
        chunks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        stopped = threading.Event()

        def take(chunk: Any) -> bool:
            chunks.put(chunk)
            return stopped.is_set()  # true ends the generation

        def work() -> None:
            try:
                self._server.handle_chat_completions(body, take)
            except Exception as error:
                chunks.put(error)
            finally:
                chunks.put(None)

        worker = threading.Thread(target=work, name="llama.cpp", daemon=True)
        worker.start()
        try:
            while (chunk := chunks.get()) is not None:
                if isinstance(chunk, Exception):
                    raise BylineError(
                        f"The language model stopped with an error: {chunk}"
                    ) from chunk
                _raise_if_error(chunk)
                self._note_usage(chunk)
                for choice in chunk.get("choices", ()):
                    if piece := choice.get("delta", {}).get("content"):
                        yield piece
        finally:
            stopped.set()
            worker.join()

    def _note_usage(self, chunk: dict[str, Any]) -> None:
        if timings := chunk.get("timings"):
            self.usage = Usage(
                prompt_tokens=timings["cache_n"] + timings["prompt_n"],
                new_tokens=timings["predicted_n"],
            )


def physical_cores() -> int:
    """Threads worth using: more than the physical cores slows llama.cpp down."""
    count = os.cpu_count() or 1
    return max(1, count // 2) if count > 4 else count


def _raise_if_error(reply: Any) -> None:
    if isinstance(reply, dict) and (error := reply.get("error")):
        message = error.get("message", error) if isinstance(error, dict) else error
        raise BylineError(f"The language model could not answer: {message}")
