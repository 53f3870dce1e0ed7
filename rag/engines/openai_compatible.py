"""The engine that runs elsewhere: any server with OpenAI's HTTP API for chats."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from corpus.errors import BylineError
from rag.engines.openai_client import Event, OpenAIClient, Refused, is_last, said
from rag.reading.untrusted import without_tokens
from rag.types import Message, Reading, Usage

_TOP_LOGPROBS = 20  # as many as OpenAI's API allows
_TOGETHER = 8
"""Chats that are read at once: servers on a GPU compute them together, others in turn."""
_LONGEST_TOKEN = 64
"""Characters that a token may have on average, before a server is taken for one without an end."""
_FIRST_WORD = re.compile(r"\W*(\w+)")

_log = logging.getLogger(__name__)


class OpenAIGenerator:
    """Chats with a model of vLLM, llama.cpp's server, Ollama, LM Studio or another such server.

    Source: https://platform.openai.com/docs/api-reference/chat; only what all of them know is sent.
    """

    engine = "openai"
    taught = False

    def __init__(
        self, client: OpenAIClient, model: str | None = None, *, max_new_tokens: int = 256
    ) -> None:
        """Without a `model`, the only one that the server has. Asks for the list of models; raises
        BylineError where the server is not there or has no such model."""
        self.name = _served(client, model)
        self.usage = Usage()
        self._client = client
        self._max_new_tokens = max_new_tokens
        self._has_warned = False

    def check(self) -> None:
        """Raises Away where the server is not ready."""
        self._client.check()

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        """Pieces of the reply. Closing the iterator closes the connection, which stops the server.

        Raises BylineError, also in the middle: the pieces before it are all that the server said.
        """
        self.usage = Usage()
        body = self._body(messages, self._max_new_tokens)
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        length, most, is_cut = 0, _LONGEST_TOKEN * self._max_new_tokens, False
        with closing(self._client.stream(body)) as events:
            for event in events:
                self._note_usage(event)
                if piece := said(event):
                    length += len(piece)
                    if length > most:
                        raise BylineError(
                            f"The server {self._client.url} goes on beyond {self._max_new_tokens} "
                            "tokens: it must obey max_tokens."
                        )
                    yield piece
                is_cut = is_cut or (is_last(event) and _finish(event) == "length")
        if is_cut and not length:
            raise BylineError(
                f"{self.name} said nothing within {self._max_new_tokens} tokens: choose a model "
                "that answers without thinking aloud first, or raise max_new_tokens."
            )

    def states_answer(self, question: str, passages: Sequence[tuple[str, str]]) -> None:
        """Not told: what was learnt is of layers that no such server opens."""

    def read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None = None
    ) -> list[Reading]:
        """How likely each reply begins with `word`: 0 or 1 where the server gives no probabilities.
        The likelihood of `told` it does not tell."""
        if not chats:
            return []
        pool = ThreadPoolExecutor(min(_TOGETHER, len(chats)), thread_name_prefix="openai")
        try:
            return list(pool.map(lambda chat: Reading(self._probability(chat, word)), chats))
        finally:
            pool.shutdown(cancel_futures=True)  # after an error nobody waits for the rest

    def _probability(self, messages: Sequence[Message], word: str) -> float:
        body = self._body(messages, 1)
        try:
            reply = self._client.reply(body | {"logprobs": True, "top_logprobs": _TOP_LOGPROBS})
        except Refused as error:
            if "logprob" not in str(error):
                raise
            reply = self._client.reply(body)
        if (candidates := _candidates(reply)) is not None:
            return sum(
                math.exp(min(logprob, 0.0))
                for token, logprob in candidates
                if token.strip().lower() == word.lower()
            )
        self._warn()
        text = said(reply)
        if 0 < len(text.strip()) < len(word):  # a part of it, perhaps
            text = said(self._client.reply(self._body(messages, 4)))
        first = _FIRST_WORD.match(text)
        return float(first is not None and first[1].lower() == word.lower())

    def _warn(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "The server %s gives no probabilities: %s is taken at its word",
                self._client.url,
                self.name,
            )

    def _body(self, messages: Sequence[Message], max_tokens: int) -> Event:
        # Servers take the chat template's tokens for such wherever they stand, so none may stand in
        # what is said. Which tokens the model has is not known here.
        chat = [{"role": m.role, "content": without_tokens(m.content)} for m in messages]
        return {
            "model": self.name,
            "messages": chat,
            "max_tokens": max_tokens,
            "temperature": 0.0,
        }

    def _note_usage(self, event: Event) -> None:
        usage = event.get("usage")
        if isinstance(usage, dict):
            prompt, new = usage.get("prompt_tokens"), usage.get("completion_tokens")
            self.usage = Usage(
                prompt_tokens=prompt if isinstance(prompt, int) else None,
                new_tokens=new if isinstance(new, int) else None,
            )


def _served(client: OpenAIClient, model: str | None) -> str:
    names = client.models()
    if names is None:
        if model is None:
            raise BylineError(
                f"The server {client.url} does not tell which models it has: name one with --model."
            )
        return model
    known = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    if model is None:
        if len(names) != 1:
            raise BylineError(
                f"The server {client.url} has {known or 'no model'}: "
                + ("choose one with --model." if names else "load one there.")
            )
        return names[0]
    if model not in names and f"{model}:latest" not in names:  # Ollama's tag for none
        raise BylineError(
            f"The server {client.url} has no model {model}: choose one that it has with --model "
            f"({known or 'it has none'})."
        )
    return model


def _finish(event: Event) -> Any:
    return event["choices"][0].get("finish_reason")


def _candidates(reply: Event) -> list[tuple[str, float]] | None:
    """The likeliest first tokens of a reply with their log-probabilities, None where the server
    gives none."""
    try:
        (first, *_) = reply["choices"][0]["logprobs"]["content"]
        return [(str(one["token"]), float(one["logprob"])) for one in first["top_logprobs"]]
    except (KeyError, IndexError, TypeError, ValueError):
        return None
