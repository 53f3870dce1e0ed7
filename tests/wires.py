"""Made-up wire reports, and what outlets do to them."""

from __future__ import annotations

import random
import re

from corpus.article import Article

_SYLLABLES = "ba de fi go lu ma ne po ri sa te vo ku za mi ro".split()


def word(rng: random.Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(3))


def report(seed: int, paragraphs: int = 8) -> str:
    """Paragraphs of three sentences with names and numbers; another seed shares no sentence."""
    rng = random.Random(seed)
    names = [word(rng).title() for _ in range(6)]

    def sentence() -> str:
        words = [word(rng) for _ in range(14)]
        words[3], words[8] = rng.choice(names), str(rng.randrange(10, 10_000))
        words[0] = words[0].title()
        return " ".join(words) + "."

    return "\n".join(" ".join(sentence() for _ in range(3)) for _ in range(paragraphs))


def replaced(text: str, share: float, seed: int = 0) -> str:
    """The text with about `share` of its words replaced by others."""
    rng = random.Random(seed)
    return re.sub(r"\w+", lambda m: word(rng) if rng.random() < share else m[0], text)


def shuffled(text: str, seed: int = 0) -> str:
    sentences = re.split(r"(?<=\.)\s", text)
    random.Random(seed).shuffle(sentences)
    return " ".join(sentences)


def cut(text: str, paragraphs: int) -> str:
    return "\n".join(text.splitlines()[:paragraphs])


def article(id_: str, body: str, day: str | None = "2025-06-13", **fields: str) -> Article:
    title = fields.pop("title", "Council votes on the harbour")
    return Article(id_, title, body, published_at=day, **fields)
