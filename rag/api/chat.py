"""`POST /v1/chat/completions` and `GET /v1/models`, as OpenAI's clients know them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from rag.answer_json import answer_json, hits_json, sentence_json
from rag.api import schemas
from rag.api.answering import Gone, Waiting, events, unless_gone
from rag.api.logs import log
from rag.api.parts import Parts, Reader
from rag.api.problems import Problem, content_of, documented, problem_for
from rag.api.schemas import MODEL
from rag.markers import MARKER
from rag.question.askable import askable
from rag.types import Answer, Checked, Done, Event, Found, Piece, Turn

ALIVE_EVERY_S = 10.0
"""Seconds of silence after which a stream says that it goes on, for proxies that would end it."""
_CLOSED = 499
"""What nginx calls a request whose client has left; nobody reads it but the log."""


def chat_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["chat"])
    began = int(time.time())

    @router.get("/v1/models", responses=documented())
    async def models(who: Reader) -> schemas.Models:
        """The one model there is: Byline itself."""
        return schemas.Models(data=[schemas.Model(id=MODEL, created=began)])

    @router.post(
        "/v1/chat/completions",
        response_model=schemas.Completion,
        responses={
            **documented(404, 503),
            200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        },
    )
    async def completions(body: schemas.ChatRequest, request: Request, who: Reader) -> Any:
        """The answer to the last message of a user. Messages before it are the chat that a question
        is understood by; those of the system are not looked at, as what may be told is what the
        articles say."""
        if body.model != MODEL:
            raise Problem(404, f"There is no model {body.model[:100]!r}: ask {MODEL}.")
        reply = _Reply(str(request.base_url).rstrip("/"))
        question, history = asked_of(body.messages)
        longest = parts.options.question_characters
        question = await anyio.to_thread.run_sync(askable, question, longest, limiter=parts.reading)
        if parts.options.log_questions:
            row = {"request_id": request.scope["request_id"], "question": question}
            log.info("%s", json.dumps(row))
        asked = body.byline or schemas.AskedFor.model_validate({})
        owner = who.key or who.name or None
        told = events(parts, question, history, asked.scope(), owner)
        if not body.stream:
            return await _whole(reply, told, request)
        usage = bool(body.stream_options and body.stream_options.include_usage)
        stream = _stream(reply, told, asked.events, usage, request.scope["request_id"])
        return StreamingResponse(
            stream,
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


def asked_of(messages: Sequence[schemas.Message]) -> tuple[str, list[Turn]]:
    """The question, which is the last message, and the turns before it. Raises Problem where the
    last message is none of a user."""
    told = [one for one in messages if one.role in ("user", "assistant") and one.text.strip()]
    if not told or told[-1].role != "user":
        raise Problem(400, "The last message is no question: send one with the role user.")
    turns: list[Turn] = []
    question = ""
    for message in told[:-1]:
        if message.role == "user":
            question = message.text
        elif question:
            turns.append(Turn(question, plain(message.text)))
            question = ""
    return told[-1].text, turns


def plain(text: str) -> str:
    """An earlier answer without its markers, whose numbers mean nothing in a later question."""
    return MARKER.sub("", text).strip()


@dataclass
class _Reply:
    """One reply and what its chunks have in common; `root` is the address of this server."""

    root: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def chunk(self, delta: dict[str, Any] | None, **more: Any) -> str:
        """An event of a stream; without a delta it has no choice."""
        finish = more.pop("finish_reason", None)
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        row = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": MODEL,
            "choices": [] if delta is None else [choice],
            **more,
        }
        return f"data: {json.dumps(row, ensure_ascii=False)}\n\n"

    def annotations(self, answer: Answer) -> list[dict[str, Any]]:
        """Each marker of the text: where it stands, and the article that it means."""
        found, start = [], 0
        for sentence in answer.sentences:
            place = start + len(sentence.text) + 1
            for citation in sentence.citations:
                end = place + len(f"[{citation.number}]")
                article = citation.passage.article
                here = f"{self.root}/v1/articles/{quote(article.id, safe='')}"
                found.append(
                    {
                        "type": "url_citation",
                        "url_citation": {
                            "start_index": place,
                            "end_index": end,
                            "title": article.title,
                            "url": article.url or here,
                        },
                    }
                )
                place = end
            start += len(sentence.marked) + 1
        return found


def _usage(answer: Answer) -> dict[str, int]:
    read, new = answer.timings.prompt_tokens or 0, answer.timings.new_tokens or 0
    return {"prompt_tokens": read, "completion_tokens": new, "total_tokens": read + new}


async def _whole(
    reply: _Reply, told: AsyncGenerator[Waiting | Event, None], request: Request
) -> Any:
    async def last() -> Answer:
        async with aclosing(told):
            async for event in told:
                if isinstance(event, Done):
                    return event.answer
        raise RuntimeError("the events ended without an answer")

    try:
        answer = await unless_gone(request, last())
    except Gone:
        return Response(status_code=_CLOSED)
    return {
        "id": reply.id,
        "created": reply.created,
        "model": MODEL,
        "choices": [
            {"message": {"content": answer.text, "annotations": reply.annotations(answer)}}
        ],
        "usage": _usage(answer),
        "byline": answer_json(answer),
    }


async def _stream(
    reply: _Reply,
    told: AsyncGenerator[Waiting | Event, None],
    with_events: bool,
    with_usage: bool,
    request_id: str,
) -> AsyncIterator[str]:
    """The answer sentence by sentence, once each is checked and stands: what was sent cannot be
    taken back. With events, what happens before is told in chunks that add nothing to the text."""
    yield reply.chunk({"role": "assistant", "content": ""})
    async with aclosing(told), aclosing(_alive(told)) as events_:
        try:
            async for event in events_:
                if event is None:
                    yield ": Byline is at work\n\n"
                elif isinstance(event, Done):
                    for part in _answered(reply, event.answer, with_usage):
                        yield part
                elif with_events:
                    yield reply.chunk({}, byline=_told(event))
        except Exception as error:  # the status was sent already
            problem = content_of(problem_for(error), request_id)
            yield f"data: {json.dumps(problem, ensure_ascii=False)}\n\n"
    yield "data: [DONE]\n\n"


def _answered(reply: _Reply, answer: Answer, with_usage: bool) -> list[str]:
    texts = [sentence.marked for sentence in answer.sentences]
    spaced = [text if number == 0 else f" {text}" for number, text in enumerate(texts)]
    chunks = [reply.chunk({"content": text}) for text in spaced]
    last = {"annotations": reply.annotations(answer)}
    chunks.append(reply.chunk(last, finish_reason="stop", byline=answer_json(answer)))
    if with_usage:
        chunks.append(reply.chunk(None, usage=_usage(answer)))
    return chunks


async def _alive(
    told: AsyncGenerator[Waiting | Event, None],
) -> AsyncGenerator[Waiting | Event | None, None]:
    """The events, and None whenever nothing has come for a while."""
    coming = asyncio.ensure_future(anext(told))
    try:
        while True:
            await asyncio.wait({coming}, timeout=ALIVE_EVERY_S)
            if not coming.done():
                yield None
                continue
            try:
                event = coming.result()
            except StopAsyncIteration:
                return
            yield event
            coming = asyncio.ensure_future(anext(told))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _told(event: Waiting | Event) -> dict[str, Any]:
    match event:
        case Waiting(before):
            return {"event": "waiting", "before": before}
        case Found(hits, goes_on):
            return {"event": "found", "passages": hits_json(hits), "goes_on": goes_on}
        case Piece(text):
            return {"event": "draft", "text": text}
        case Checked(position, sentence):
            row = sentence and sentence_json(sentence)
            return {"event": "checked", "position": position, "sentence": row}
    raise AssertionError(f"{event} is told otherwise")
