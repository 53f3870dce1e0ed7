"""The log of the API: a JSON object a line, on stderr."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

from rag.api.gate import log


class JsonLines(logging.Formatter):
    """What is an object already gets its time and level; other words become one."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        text = record.getMessage()
        told = json.loads(text) if text.startswith("{") else {"message": text}
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        row = {"at": at, "level": record.levelname.lower(), **told}
        return json.dumps(row, ensure_ascii=False)


def write_log() -> None:
    """Write what the API does to stderr from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
