"""The log of a server: a JSON object a line, on stderr."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone

log = logging.getLogger("byline.api")

_about: ContextVar[dict[str, str] | None] = ContextVar("about", default=None)


@contextmanager
def about(request_id: str, trace_id: str) -> Iterator[None]:
    """Whatever is logged meanwhile is of this request, and of this trace if it has one."""
    row = {"request_id": request_id} | ({"trace_id": trace_id} if trace_id else {})
    before = _about.set(row)
    try:
        yield
    finally:
        _about.reset(before)


class JsonLines(logging.Formatter):
    """What is an object already gets its time, level and request; other words become one."""

    def __init__(self, texts: bool = False) -> None:
        """With `texts` an error is told with its words, which may be those of a question."""
        super().__init__()
        self._texts = texts

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        text = record.getMessage()
        is_ours = record.name == log.name and text.startswith("{")
        told = json.loads(text) if is_ours else {"logger": record.name, "message": text}
        if record.exc_info and record.exc_info[1]:
            whole = self._texts
            told["error"] = (
                self.formatException(record.exc_info) if whole else way_of(record.exc_info[1])
            )
        row = {"at": at, "level": record.levelname.lower(), **(_about.get() or {}), **told}
        return json.dumps(row, ensure_ascii=False)


def way_of(error: BaseException) -> str:
    """Where an error came up, and its kind, without its words; before it the one it came from."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{way_of(cause)}\n" if cause is not None else ""
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"


def write_log(texts: bool = False) -> None:
    """Write what the server does to stderr from now on, and what libraries warn of."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(texts))
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger("byline").setLevel(logging.INFO)
    logging.captureWarnings(True)
