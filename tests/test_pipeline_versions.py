"""The way of an answer over an index that changes, and over sources that state different things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deal import (
    CHIEF,
    DEAL,
    QUESTION,
    REACTOR,
    Make,
    answer_of,
    told,
)
from fakes import HashingEmbedder, ScriptedGenerator, TaughtGenerator

from corpus.article import Article
from corpus.errors import BylineError
from index.build import build
from index.change import apply
from index.live import LiveIndex
from index.search import Index
from index.types import Hit
from rag.pipeline import Pipeline
from rag.types import Answer


class TestMovingToAnotherVersion:
    @pytest.fixture
    def live(self, tmp_path: Path) -> Iterator[LiveIndex]:
        build([DEAL], HashingEmbedder(), tmp_path)
        with closing(LiveIndex(tmp_path, HashingEmbedder())) as live:
            yield live

    def pipeline(self, live: LiveIndex, *pieces: str) -> Pipeline:
        return Pipeline(live, HashingEmbedder(), ScriptedGenerator(*pieces))

    def test_the_next_question_is_answered_from_the_new_one(
        self, live: LiveIndex, tmp_path: Path
    ) -> None:
        pipeline = self.pipeline(live, "Meta bought a stake of 49%.")
        first = pipeline.ask(QUESTION)
        change = apply(tmp_path, HashingEmbedder(), [CHIEF], ["deal"])
        second = pipeline.ask(QUESTION)
        assert first.hits[0].passage.article == DEAL
        assert {hit.passage.article for hit in second.hits} <= {CHIEF}
        assert first.index_version != second.index_version == change.manifest.version
        assert pipeline.describe().index_version == change.manifest.version

    def test_what_was_foreseen_is_not_searched_for_again(
        self, live: LiveIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pipeline = self.pipeline(live, "Meta bought a stake of 49%.")
        searched: list[str] = []
        search = Index.search

        def counted(index: Index, question: str, *more: Any, **options: Any) -> list[Hit]:
            searched.append(question)
            return search(index, question, *more, **options)

        monkeypatch.setattr(Index, "search", counted)
        pipeline.foresee(f"  {QUESTION} ")
        assert not pipeline.ask(QUESTION).abstained
        assert searched == [QUESTION]
        apply(tmp_path, HashingEmbedder(), [CHIEF], ["deal"])  # what was found is of a version
        pipeline.ask(QUESTION)
        assert searched == [QUESTION, QUESTION]
        pipeline.ask(QUESTION, as_of=date(2025, 6, 14))
        assert len(searched) == 3
        with pytest.raises(BylineError):
            pipeline.foresee("x" * 2000)

    def test_an_answer_in_flight_ends_on_its_own(self, live: LiveIndex, tmp_path: Path) -> None:
        events = self.pipeline(live, "Meta bought a stake of 49%.").stream(QUESTION)
        begun = [next(events)]
        before = live.manifest.version
        for _ in range(4):  # until its own version is deleted
            apply(tmp_path, HashingEmbedder(), [CHIEF], ["deal"])
            apply(tmp_path, HashingEmbedder(), [REACTOR], ["chief"])
        answer = answer_of([*begun, *events])
        assert answer.index_version == before
        assert answer.sentences[0].citations[0].passage.article == DEAL
        assert live.manifest.version != before

    def test_one_that_cannot_be_opened_is_told(self, live: LiveIndex, tmp_path: Path) -> None:
        pipeline = self.pipeline(live, "Meta bought a stake of 49%.")
        (tmp_path / "current").write_text("???")
        assert not pipeline.ask(QUESTION).abstained
        assert "Answers still come from" in str(pipeline.describe().problem)


SILENT = Article(
    "silent",
    "Scale AI's founder leaves for Meta",
    "Meta becomes an investor in Scale AI. It will own a minority stake once the transaction has "
    "closed, but the exact size was not revealed.",
    outlet="The Post",
    published_at="2025-06-12",
)


class TestWhatSourcesStateDifferently:
    @pytest.fixture
    def answer(self, tmp_path: Path) -> Iterator[Answer]:
        embedder = HashingEmbedder()
        build([DEAL, SILENT, REACTOR], embedder, tmp_path)
        with closing(Index.open(tmp_path, embedder)) as index:
            generator = ScriptedGenerator("Meta bought a stake of 49% in Scale AI [1].")
            yield Pipeline(index, embedder, generator).ask("What stake did Meta take?")

    def test_the_answer_says_so_in_one_more_sentence(self, answer: Answer) -> None:
        assert [sentence.text for sentence in answer.sentences] == [
            "Meta bought a stake of 49% in Scale AI.",
            "Not all reports are as exact: The Daily (13 June 2025) says 49%; "
            "The Post (12 June 2025) does not reveal the figure.",
        ]

    def test_both_articles_are_cited(self, answer: Answer) -> None:
        cited = {c.passage.article.id for c in answer.sentences[-1].citations}
        assert cited == {"deal", "silent"}

    def test_its_numbers_are_those_of_the_passages(self, answer: Answer) -> None:
        (disagreement,) = answer.disagreements
        for claim in disagreement.claims:
            assert answer.hits[claim.citation.number - 1].passage == claim.citation.passage

    def test_articles_that_agree_are_not_said_to_differ(self, make: Make) -> None:
        answer = make(ScriptedGenerator("Meta bought a stake of 49% [1].")).ask(QUESTION)
        assert answer.disagreements == ()

    def test_what_the_model_reads_in_another_article(self, tmp_path: Path) -> None:
        norway = replace(DEAL, body="The Vell plant stands in Norway, its owner said.")
        sweden = replace(SILENT, body="Vell makes its steel in a plant in Sweden.")
        embedder = HashingEmbedder()
        build([norway, sweden], embedder, tmp_path)
        with closing(Index.open(tmp_path, embedder)) as index:
            generator = TaughtGenerator("Norway", "Sweden", doubts={"Sweden": 0.6})
            answer = Pipeline(index, embedder, generator).ask(
                "Which country does the Vell plant stand in?"
            )
        assert answer.text.endswith(
            "Reports differ: The Daily (13 June 2025) says Norway; "
            "The Post (12 June 2025) says Sweden. [1][2]"
        )
        assert [claim.value for claim in answer.disagreements[0].claims] == ["Norway", "Sweden"]
        draft, *_, last = generator.asked
        assert len(told(draft).split()) != len(told(last).split())
        assert answer.timings.prompt_tokens == len(told(draft).split())  # and not of what came last
