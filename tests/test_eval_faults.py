"""The measured fault test: planting, rewording and the table."""

from __future__ import annotations

import random

import pytest

from corpus.article import Article
from eval.faults import Trial, table, trials
from eval.planting import PLANTERS, Context
from eval.rewording import REWORDINGS

BODY = (
    "Meta paid $14.3 billion for 49% of Scale AI in London on 12 June 2025. It paid $2 billion to "
    'Jason Droege, who may call it "a great year". '
    "Later the founder Wang and Jason Droege left Illinois. "
    "Then Droege was paid by Meta and by Scale AI."
)
ARTICLE = Article("a", "Meta", BODY, outlet="Wire", published_at="2025-06-14")
OTHER = Article("b", "Other", "Then the firm Anthropic grew. There Dario Amodei spoke.")
SENTENCES = BODY.split(". ")


def planted(kind: str, sentence: str) -> str | None:
    context = Context(ARTICLE, [ARTICLE, OTHER], random.Random(1))
    return PLANTERS[kind](sentence, context)


@pytest.mark.parametrize("kind", [kind for kind in PLANTERS if kind != "roles swapped"])
def test_every_kind_changes_some_sentence(kind: str) -> None:
    changed = [planted(kind, f"{one.rstrip('.')}.") for one in SENTENCES]
    assert any(text and text.rstrip(".") not in BODY for text in changed), changed


def test_exchanged_names() -> None:
    text = planted("roles swapped", "Droege hired Wang.")
    assert text == "Wang hired Droege."


def test_a_date_is_reworded() -> None:
    context = Context(ARTICLE, [ARTICLE], random.Random(1))
    reworded = REWORDINGS["date in another form"]("It paid on 12 June.", context)
    assert reworded == "It paid on June 12."


def test_the_table_counts_what_is_flagged() -> None:
    def trial(right: bool, verdict: str) -> Trial:
        return Trial("kind", right, "text", "origin", verdict, None, 1.0)

    rows = table([trial(False, "unsupported"), trial(False, "supported"), trial(True, "partly")])
    shares = [line.split()[1] for line in rows.splitlines() if line.startswith("  kind")]
    assert shares == ["0.500", "1.000"]


def test_a_split_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = f"{SENTENCES[0]}."
    monkeypatch.setattr("eval.faults.gold_sentences", lambda *_: [(sentence, ARTICLE)])
    found = list(trials("dev", [ARTICLE, OTHER]))
    assert {one.kind for one in found if one.right} >= {"as it stands", "date in another form"}
    assert all(one.flagged for one in found if one.kind == "percentage changed")
