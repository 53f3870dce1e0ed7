"""Cutting an article into passages, on sentence boundaries."""

from __future__ import annotations

from dataclasses import dataclass

from corpus.article import Article
from index.sentences import sentence_spans
from index.types import Passage


@dataclass(frozen=True, slots=True)
class Chunking:
    """How articles are cut: at most `max_chars` characters a passage (a longer sentence stands
    alone), the last `overlap` sentences of one passage opening the next."""

    max_chars: int = 800
    overlap: int = 1

    def __post_init__(self) -> None:
        if self.max_chars < 1 or self.overlap < 0:
            raise ValueError(f"max_chars must be 1 or more and overlap 0 or more, not {self}")


def chunk(article: Article, max_chars: int = 800, overlap_sentences: int = 1) -> list[Passage]:
    """The passages of one article, in its order; none when its body has no words.

    Every sentence is in at least one passage. The overlap gives way where it would push a passage
    over `max_chars`.
    """
    spans = sentence_spans(article.body, article.language or "en")
    passages: list[Passage] = []
    first = 0  # the sentence that opens the passage
    for i, (_, end) in enumerate(spans):
        if i > first and end - spans[first][0] > max_chars:
            passages.append(Passage(article, spans[first][0], spans[i - 1][1]))
            # The overlap, as far as there is room for it and it moves on.
            first = max(first + 1, i - overlap_sentences)
            while first < i and end - spans[first][0] > max_chars:
                first += 1
    if spans:
        passages.append(Passage(article, spans[first][0], spans[-1][1]))
    return passages


def embedding_text(passage: Passage) -> str:
    """What the embedder reads: the passage under its article's title and day."""
    title, published_at = passage.article.title.strip(), passage.article.published_at
    head = f"{title} ({published_at[:10]})" if published_at else title
    return f"{head}\n{passage.text}" if head else passage.text
