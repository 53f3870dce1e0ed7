"""Answers over the sample articles, so that the pictures of the page look as it does in use."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

from exchanges import answer_of
from fakes import ScriptedDescription, ScriptedPipeline, Step

from corpus.article import Article
from corpus.read import read_articles
from index.types import Copy, Hit, Passage
from rag.types import Checked, Citation, Claim, Disagreement, Done, Found, Piece, Sentence

SAMPLES = Path(__file__).parent.parent / "corpus" / "articles"
STAKE = "What stake did Meta take in Scale AI?"
SPENDING = "And how much does it want to spend this year?"
REFUSED = "Who won the 2024 Nobel prize in physics?"
TALKS = "What did the first reports say?"
EXAMPLES = [STAKE, "Who runs Scale AI after Alexandr Wang?", "Which reactor will supply Meta?"]


def samples() -> dict[str, Article]:
    """The sample articles by id, as the reader reads them; each with an address of its own."""
    read = read_articles([SAMPLES])
    return {
        article.id: replace(article, url=f"https://sampler.example/{article.id}")
        for article in read.articles
    }


class Described(ScriptedPipeline):
    def describe(self) -> ScriptedDescription:
        return ScriptedDescription(
            "qwen2.5-coder-1.5b", "script", "20250731T070710", 27, 59, "2025-07-31"
        )


@dataclass(slots=True)
class Scenes:
    """A pipeline that plays the scenes: `write` lets the first answer be written, `check` be
    checked, and `stop` the last one go on."""

    write: threading.Event
    check: threading.Event
    stop: threading.Event
    pipeline: ScriptedPipeline

    def end(self) -> None:
        for event in (self.write, self.check, self.stop):
            event.set()


def scenes() -> Scenes:
    write, check, stop = threading.Event(), threading.Event(), threading.Event()
    known = samples()
    script = {
        STAKE: _stake(known, write, check),
        SPENDING: _spending(known),
        REFUSED: _refused(known),
        TALKS: [Found((_hit(known["meta-scale-talks"], 0),)), stop, Piece("It")],
    }
    return Scenes(write, check, stop, Described(script))


def _hit(article: Article, paragraph: int, *copies: Copy) -> Hit:
    start = 0
    for one in article.body.split("\n\n")[:paragraph]:
        start += len(one) + 2
    end = start + len(article.body.split("\n\n")[paragraph])
    return Hit(Passage(article, start, end), 1.0, copies=copies)


def _cite(number: int, hit: Hit, quote: str) -> Citation:
    start = hit.passage.article.body.index(quote)
    return Citation(number, hit.passage, start, start + len(quote))


def _stake(known: dict[str, Article], write: threading.Event, check: threading.Event) -> list[Step]:
    copies = (Copy("a", "Meta buys in", "Vell Post"), Copy("b", "Meta buys in", "Harbour Times"))
    corrected = replace(
        known["meta-scale-talks"],
        correction="Correction, 12 June 2025: the sum was first given as $14.8 billion; it is "
        "$14.3 billion.",
    )
    hits = (
        _hit(known["meta-scale-49-percent-stake"], 0, *copies),
        _hit(known["scale-ai-layoffs"], 0),
        _hit(known["meta-scale-minority-stake"], 1),
        _hit(corrected, 0),
        _hit(known["alexandr-wang-profile"], 4),
    )
    power = "It buys Meta a 49% stake but no voting power, the spokesperson added."
    paid = _cite(1, hits[0], power)
    month = "come just over a month after Meta paid $14.3 billion for a 49% stake in the firm."
    later = _cite(2, hits[1], month)
    hidden = "It will own a minority stake once the transaction has closed, but the exact size was"
    unsaid = _cite(3, hits[2], f"{hidden} not revealed.")
    early = _cite(4, hits[3], "Meta has agreed to pay $14.8 billion for 49% of Scale AI")
    first = Sentence("Meta took a 49% stake in Scale AI.", (paid,), "supported", 1.0)
    second = Sentence(
        "It paid $14.3 billion for it, and its new chief followed.",
        (later,),
        "partly",
        0.6,
        "“followed” is not in the passage",
    )
    third = Sentence("The stake may grow.", (), "unsupported", 0.1)
    claims = (
        Claim("$14.3 billion", later),
        Claim("not revealed", unsaid),
        Claim("$14.8 billion", early, "corrected by the outlet since"),
    )
    answer = answer_of(
        *(STAKE, first, second, third),
        hits=hits,
        disagreements=(Disagreement("the price of the stake", claims, "corrected"),),
        understood="What stake did Meta take in Scale AI in June 2025?",
        preferred="date: June 2025",
        note="The newest article that this rests on is from 17 July 2025.",
    )
    return [
        *(Found(hits), write),
        Piece("Meta took a 49% stake in Scale AI. [1] It paid $14.3 billion for"),
        *(Piece(" it, and its new chief followed. [2]"), Checked(0, first), check),
        *(Checked(1, second), Done(answer)),
    ]


def _spending(known: dict[str, Article]) -> list[Step]:
    hits = (_hit(known["meta-capex-july"], 0), _hit(known["meta-capex-april"], 0))
    words = "It now expects capital expenditure of $66 billion to $72 billion for 2025"
    said = Sentence(
        "Meta expects to spend $66 billion to $72 billion in 2025.",
        (_cite(1, hits[0], words),),
        "supported",
        1.0,
    )
    answer = answer_of(SPENDING, said, hits=hits, understood="How much will Meta spend in 2025?")
    return [Found(hits), Done(answer)]


def _refused(known: dict[str, Article]) -> list[Step]:
    hits = tuple(_hit(known[name], 0) for name in ("google-kairos", "openai-io", "xai-x-merger"))
    sentence = Sentence("The articles do not answer this question.")
    return [Found(hits), Done(answer_of(REFUSED, sentence, hits=hits, abstained=True))]
