"""Passages that are too early to tell of the time that a question means."""

from __future__ import annotations

from datetime import date

import pytest
from deal import DEAL, Make
from fakes import ScriptedGenerator

from corpus.article import Article
from index.types import Hit, Passage
from rag.judging.timely import UNTIMELY, timely
from rag.reading.times import Span

REPLY = "Meta took a 49% stake in Scale AI [1]."
WEEK = Span(date(2025, 6, 9), date(2025, 6, 15))


def hit(published: str | None, score: float = 0.9) -> Hit:
    article = Article(str(published), "A change", "Vell took over.", published_at=published)
    return Hit(Passage(article, 0, 15), score)


def scores(*hits: Hit, time: Span | None = WEEK) -> dict[str | None, float]:
    return {h.passage.article.published_at: h.score for h in timely(hits, time)}


def test_what_is_published_before_the_time_is_put_far_below() -> None:
    told = scores(hit("2020-03-01"), hit("2025-06-10", 0.4), hit("2026-01-01", 0.3), hit(None, 0.5))
    assert told == {None: 0.5, "2025-06-10": 0.4, "2026-01-01": 0.3, "2020-03-01": 0.9 * UNTIMELY}
    assert list(told) == [None, "2025-06-10", "2026-01-01", "2020-03-01"]


def test_an_article_may_tell_some_days_beforehand() -> None:
    assert scores(hit("2025-06-02")) == {"2025-06-02": 0.9}
    assert scores(hit("2025-06-01")) == {"2025-06-01": 0.9 * UNTIMELY}


def test_without_a_time_all_are_timely() -> None:
    assert scores(hit("2020-03-01"), time=None) == {"2020-03-01": 0.9}


class TestInAnAnswer:
    QUESTION = "What stake did Meta take in Scale AI {}?"

    def test_an_event_of_a_week_is_not_told_from_long_before(self, make: Make) -> None:
        pipeline = make(ScriptedGenerator(REPLY, probability=0.95))
        asked = self.QUESTION.format("this week")
        then = pipeline.ask(asked, as_of=date(2025, 6, 14))
        later = pipeline.ask(asked, as_of=date(2026, 6, 14))
        assert (then.abstained, later.abstained) == (False, True)
        assert DEAL.id in {h.passage.article.id for h in later.hits}  # among the closest, still

    @pytest.mark.parametrize("time", ["in 2026", "in May 2026", "this year"])
    def test_other_times_shut_nothing_out(self, make: Make, time: str) -> None:
        """What was so in a month may have been so, and told, since long before."""
        pipeline = make(ScriptedGenerator(REPLY, probability=0.95))
        assert not pipeline.ask(self.QUESTION.format(time), as_of=date(2026, 6, 14)).abstained
