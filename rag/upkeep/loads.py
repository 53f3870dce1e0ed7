"""How long loading a language model took on this machine, to tell how long it takes the next time.

A small JSON file beside the weights: for each model the seconds of its last loads. It is of use to
nobody but a reader who waits, so one that is damaged or cannot be written is no error.
"""

from __future__ import annotations

import json
import logging
import math
import os
from pathlib import Path
from statistics import median_low

from rag.settings import Settings

log = logging.getLogger(__name__)

FILE = "loads.json"
_LOADS = 5  # that are kept of a model
_MODELS = 20  # those that were loaded last
_LARGEST = 100_000  # bytes; what is larger was not written here


class Loads:
    """The last loads of one model by one engine, in a file that all of them share."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file, self._name = folder / FILE, name

    @property
    def usual(self) -> float | None:
        """Seconds that the next load takes, as far as is known: the median of the last ones, the
        lower of two, as one may have been held up by anything."""
        took = _read(self._file).get(self._name)
        return median_low(took) if took else None

    def took(self, seconds: float) -> None:
        kept = _read(self._file)
        kept[self._name] = [*kept.pop(self._name, []), round(seconds, 1)][-_LOADS:]
        draft = self._file.with_name(f"{FILE}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(dict(list(kept.items())[-_MODELS:])), encoding="utf-8")
            os.replace(draft, self._file)
        except OSError as error:  # the next load says only how long it has taken so far
            log.info("How long loading took could not be kept in %s: %s", self._file, error)


def loads_of(settings: Settings) -> Loads:
    """Those of the model and the engine of the settings."""
    return Loads(settings.models_dir, f"{settings.model} ({settings.engine})")


def _read(file: Path) -> dict[str, list[float]]:
    """What is kept and usable; nothing of a file that is missing, damaged or not one of these."""
    try:
        kept = json.loads(file.read_text("utf-8")) if file.stat().st_size <= _LARGEST else None
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(kept, dict):
        return {}
    return {name: took for name, took in kept.items() if isinstance(took, list) and _are(took)}


def _are(seconds: list[object]) -> bool:
    """Whether they are seconds that something took, one at least."""
    return bool(seconds) and all(
        isinstance(one, (int, float)) and math.isfinite(one) and one >= 0 for one in seconds
    )
