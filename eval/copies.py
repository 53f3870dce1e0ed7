"""How well copies of a story are told from other stories: `python -m eval.copies ARTICLES`.

Each article drawn is rewritten lightly, as another outlet would, and put beside all that there are;
then the same code as in the index says which articles tell one story.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from corpus.article import Article
from corpus.read import read_articles
from eval.statistics import wilson
from index.near import signature
from index.sentences import sentence_spans
from index.stories import group

OUTLETS = ("Vell Post", "Daily Quay", "Orrin Wire")
_HEADS = ("What we know: {}", "{}, officials say", "Report: {}", "{} - live")

Rewrite = Callable[[list[list[str]], random.Random, list[str]], list[list[str]]]
"""Paragraphs as lists of sentences to others; the last are words to put in the place of others."""


def words_replaced(share: float) -> Rewrite:
    """Of the words without a capital or digit so many, each by another one of the articles'."""

    def rewrite(text: list[list[str]], chance: random.Random, words: list[str]) -> list[list[str]]:
        def changed(word: str) -> str:
            return chance.choice(words) if word.islower() and chance.random() < share else word

        return [[" ".join(map(changed, s.split())) for s in paragraph] for paragraph in text]

    return rewrite


def reordered(text: list[list[str]], chance: random.Random, _: list[str]) -> list[list[str]]:
    """The paragraphs after the first in another order."""
    return [*text[:1], *chance.sample(text[1:], len(text) - 1)]


def shortened(text: list[list[str]], chance: random.Random, _: list[str]) -> list[list[str]]:
    """About a third of the paragraphs after the first left out."""
    return [*text[:1], *(p for p in text[1:] if chance.random() > 0.3)]


def first_half(text: list[list[str]], chance: random.Random, _: list[str]) -> list[list[str]]:
    return text[: max(1, (len(text) + 1) // 2)]


def framed(text: list[list[str]], chance: random.Random, _: list[str]) -> list[list[str]]:
    """A dateline before it, and a paragraph about the outlet and its staff after it."""
    more = ["Additional reporting by our staff in three bureaus.", "Sign up to our evening letter."]
    return [[f"VELL ({chance.choice(OUTLETS)}) -", *text[0]], *text[1:], more]


def everything(text: list[list[str]], chance: random.Random, words: list[str]) -> list[list[str]]:
    """All of these but the half, and a twentieth of the words."""
    for rewrite in (framed, reordered, shortened, words_replaced(0.05)):
        text = rewrite(text, chance, words)
    return text


REWRITES: dict[str, Rewrite] = {
    "framed": framed,
    "reordered": reordered,
    "5% of the words": words_replaced(0.05),
    "10% of the words": words_replaced(0.1),
    "20% of the words": words_replaced(0.2),
    "shortened": shortened,
    "first half": first_half,
    "all at once": everything,
}


def copy_of(article: Article, name: str, chance: random.Random, words: list[str]) -> Article:
    """The article as another outlet carries it up to two days later, under another headline."""
    text = REWRITES[name](paragraphs(article.body), chance, words)
    day = (article.published_at or "")[:10]
    later = str(date.fromisoformat(day) + timedelta(chance.randrange(3))) if day else None
    return replace(
        article,
        id=f"{name}: {article.id}",
        title=chance.choice(_HEADS).format(article.title),
        body="\n\n".join(" ".join(sentences) for sentences in text if sentences),
        url=None,
        outlet=chance.choice(OUTLETS),
        published_at=later,
    )


def paragraphs(body: str) -> list[list[str]]:
    lines = [line for line in body.splitlines() if line.strip()]
    return [[line[a:b] for a, b in sentence_spans(line)] for line in lines]


def measure(articles: Sequence[Article], drawn: int, seed: int) -> dict[str, dict[str, str]]:
    """For each way of rewriting: the share of copies that are one story with their original, the
    share that are one with an article which is no story of their original's, and the precision of
    all pairs of a copy and an original that were joined."""
    chance = random.Random(seed)
    words = sorted({w for a in articles for w in a.body.split() if w.isalpha() and w.islower()})
    before = group(articles, {a.id: signature(a) for a in articles})
    told: dict[str, dict[str, str]] = {}
    for name in REWRITES:
        originals = chance.sample(list(articles), min(drawn, len(articles)))
        copies = {a.id: copy_of(a, name, chance, words) for a in originals}
        together = [*articles, *copies.values()]
        story = group(together, {a.id: signature(a) for a in together})
        members: dict[str, list[str]] = {}
        for article in articles:
            members.setdefault(story[article.id], []).append(article.id)
        found = sum(story[copy.id] == story[id_] for id_, copy in copies.items())
        joined = [
            before[other] == before[id_]
            for id_, copy in copies.items()
            for other in members.get(story[copy.id], ())
        ]
        strays = sum(
            any(before[other] != before[id_] for other in members.get(story[copy.id], ()))
            for id_, copy in copies.items()
        )
        told[name] = {
            "found": _share(found, len(copies)),
            "joined to a foreign one": _share(strays, len(copies)),
            "precision of pairs": _share(sum(joined), len(joined)),
        }
    return told


def _share(hits: int, count: int) -> str:
    figure = wilson(hits, count)
    if figure.value is None:
        return "none"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f}) of {count}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path, help="a file or folder of articles")
    parser.add_argument("--drawn", type=int, default=200, help="articles rewritten each way")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    articles = read_articles([arguments.articles]).articles
    print(json.dumps(measure(articles, arguments.drawn, arguments.seed), indent=2))


if __name__ == "__main__":
    main()
