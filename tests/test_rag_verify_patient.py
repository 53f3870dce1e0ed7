"""To whom it was done: Wang was not promoted where Droege was."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.markers import DraftSentence
from rag.verify import check
from rag.verify.roles import other_patient

KNOWN = frozenset({"wang", "droege", "jason", "ruiz"})
PROMOTED = "Wang also revealed that Jason Droege would be promoted to the role of Vell's CEO."


@pytest.mark.parametrize(
    ("claim", "sentence", "why"),
    [
        ("Wang was promoted to CEO at Vell.", PROMOTED, "Jason Droege"),
        ("Ruiz has been named its head.", "Droege was named its head by Ruiz.", "Droege"),
    ],
)
def test_it_was_done_to_another(claim: str, sentence: str, why: str) -> None:
    fault = other_patient(claim, [sentence], KNOWN)
    assert fault is not None
    assert fault.why == f"the passage says {why}"


@pytest.mark.parametrize(
    ("claim", "sentences"),
    [
        ("Droege will be promoted to CEO.", [PROMOTED]),
        ("Wang promoted Droege.", [PROMOTED]),
        ("Wang was hired by Acme.", [PROMOTED]),
        ("Wang was promoted.", [PROMOTED, "Wang was promoted, too."]),
        ("Wang was promoted.", ["A man was promoted."]),
    ],
)
def test_it_was_done_to_the_same_or_nobody_says(claim: str, sentences: list[str]) -> None:
    assert other_patient(claim, sentences, KNOWN) is None


def test_such_a_sentence_does_not_stand() -> None:
    body = f"The board thanked Alexandr Wang. {PROMOTED}"
    hit = Hit(Passage(Article("a", "Vell", body), 0, len(body)), 1.0, {})
    draft = DraftSentence("Wang was promoted to the role of CEO at Vell.", (1,))
    assert check(draft, [hit]).verdict == "unsupported"
