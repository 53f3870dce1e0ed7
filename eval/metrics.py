"""Whether an answer says what was accepted, and whether its citations point where they should."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from rag.quantities import Quantity, Token, tokens


def contains_answer(text: str, answers: Collection[str]) -> bool:
    """Whether one of the accepted answers stands in the text, as whole words in a row.

    Numbers count by value: `$14.3 billion` is `14.3bn` is `14,300 million`; `49 per cent` is `49%`
    but not `49`; `twenty` is `20`. `text` must come without citation markers, which are numbers.
    """
    said = tokens(text)
    return any(_stands_in(tokens(answer), said) for answer in answers)


def _stands_in(answer: Sequence[Token], said: Sequence[Token]) -> bool:
    width = len(answer)
    return width > 0 and any(
        all(map(_same, answer, said[start : start + width]))
        for start in range(len(said) - width + 1)
    )


def _same(left: Token, right: Token) -> bool:
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return left.same(right)
    return left == right


def citation_precision(cited: Sequence[str], gold: Collection[str]) -> float | None:
    """The share, 0 to 1, of citations (by article id) that point to a gold article.

    None, not 0, where nothing was cited or no article is gold.
    """
    if not cited or not gold:
        return None
    return sum(article_id in gold for article_id in cited) / len(cited)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    if not values:
        return None
    return sorted(values)[max(math.ceil(len(values) * percent / 100), 1) - 1]
