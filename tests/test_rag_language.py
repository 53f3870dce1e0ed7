"""Which questions are surely not English."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from py3langid.langid import LanguageIdentifier

from rag.reading import language
from rag.reading.language import foreign_language


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Quelle part de Scale AI Meta a-t-elle achetée ?", "French"),
        ("Qui dirige Scale AI maintenant ?", "French"),
        ("Wie viel hat Meta für Scale AI gezahlt?", "German"),
        ("¿Cuánto pagó Meta por Scale AI?", "Spanish"),
        ("Quanto ha investito Meta in Scale AI?", "Italian"),
        ("Сколько компания Meta заплатила за долю в Scale AI?", "Russian"),
        ("Meta对Scale AI投资了多少?", "Chinese"),
        ("Meta 收购了多少股份?", "Chinese"),
        ("メタはスケールにいくら投資しましたか", "Japanese"),
    ],
)
def test_a_language_is_named(question: str, language: str) -> None:
    assert foreign_language(question) == language


@pytest.mark.parametrize(
    "question",
    [
        "메타는 스케일 AI에 얼마를 투자했나요?",
        "मेटा ने स्केल एआई में कितना निवेश किया?",
        "Πόσα πλήρωσε η Meta για τη Scale AI;",
    ],
    ids=["Korean", "Hindi", "Greek"],
)
def test_another_script_is_not_taken_for_english(question: str) -> None:
    assert foreign_language(question)


@pytest.mark.parametrize(
    "question",
    [
        "What stake did Meta take in Scale AI?",
        "Who is Jason Droege?",
        "capital of France",
        "Wang Scale Meta Droege",
        "Did L'Oréal or Nestlé buy Gerresheimer?",
        "Who is Nguyễn Phú Trọng?",
        "What does 北京 mean?",
        "Scale AI CEO?",
        "49% $14.3?",
        "???",
        "",
    ],
)
def test_english_names_and_doubt_pass(question: str) -> None:
    assert foreign_language(question) is None


def test_many_who_ask_first_load_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    really = LanguageIdentifier.from_modelpath

    def load(*given: object, **options: object) -> object:
        loaded.append(given)
        return really(*given, **options)

    monkeypatch.setattr(LanguageIdentifier, "from_modelpath", load)
    language._loaded.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(foreign_language, ["Wer hat die Firma im Juni gekauft?"] * 8))
    assert found == ["German"] * 8
    assert len(loaded) == 1
