"""The options of the API, from the settings."""

from __future__ import annotations

from rag.api.parts import Options
from rag.load import load_support
from rag.settings import Settings


def options_of(settings: Settings) -> Options:
    return Options(
        support=lambda generator: load_support(settings, generator=generator),
        support_asks_model=settings.support == "judge",
        question_characters=settings.question_characters,
    )
