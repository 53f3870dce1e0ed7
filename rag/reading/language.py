"""Which language a question is in."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {
    "de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian", "ar": "Arabic", "zh": "Chinese", "ja": "Japanese",
    "ko": "Korean", "hi": "Hindi", "el": "Greek", "he": "Hebrew", "th": "Thai",
}  # fmt: skip
_CERTAIN = 0.97
_FEWEST_WORDS = 4
_LOADING = threading.Lock()


def foreign_language(text: str) -> str | None:
    """The name of the language when the text is surely not English, else None.

    Few words, and names, look like any language, so None is the answer in doubt. Source: langid
    (Lui and Baldwin 2012), in the py3langid package.
    """
    ranked = _identifier().rank(text)
    probabilities = dict(ranked)
    language, probability = ranked[0]
    if language == "en" or (_is_latin(text) and len(text.split()) < _FEWEST_WORDS):
        return None
    if probability < _CERTAIN * (probability + probabilities["en"]):
        return None
    return LANGUAGES[language]


def _is_latin(text: str) -> bool:
    """Whether two thirds of its letters are Latin: an English question may hold another name."""
    letters = [character for character in text if character.isalpha()]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return 3 * latin >= 2 * len(letters)


def _identifier() -> Any:
    with _LOADING:  # it takes a second and much memory, and many may ask first
        return _loaded()


@cache
def _loaded() -> Any:
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_modelpath(Path(MODEL_DIR) / MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
