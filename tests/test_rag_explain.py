"""`byline search --explain`: what every stage said of a passage."""

from __future__ import annotations

import json

import pytest
from commandline import Byline
from fakes import HashingEmbedder, ScriptedGenerator

from corpus.article import Article
from index.types import Hit, Passage
from rag.explain import explain, explained_json, explained_text
from rag.question.preferred import DISTANT, NEWNESS
from rag.reading.times import parse_day

BODY = "Meta bought a stake of 49% in Scale AI. The weather in the city was fine on that day."
HIT = Hit(
    Passage(Article("deal", "A deal", BODY, published_at="2025-06-13"), 0, len(BODY)),
    score=1 / 61 + 1 / 63,
    ranks={"dense": 1, "lexical": 3},
    similarity=0.5,
    bm25=7.25,
)
QUESTION = "What stake did Meta buy in Scale AI?"


class TestExplain:
    def test_what_each_search_said(self) -> None:
        (one,) = explain(QUESTION, [HIT], HashingEmbedder())
        told = explained_json(one)
        assert told["dense"] == {"rank": 1, "score": 0.5}
        assert told["lexical"] == {"rank": 3, "score": 7.25}
        assert told["fused"] == pytest.approx(HIT.score, abs=1e-6)
        assert (told["raised"], told["judge"]) == (1.0, None)

    def test_what_only_one_search_found(self) -> None:
        alone = Hit(HIT.passage, 1 / 62, {"lexical": 2}, bm25=3.0)
        (one,) = explain(QUESTION, [alone], HashingEmbedder())
        assert explained_json(one)["dense"] == {"rank": None, "score": None}
        assert "dense not found; lexical rank 2 (3.0000)" in explained_text(one)

    def test_the_best_sentence_and_how_its_score_comes_about(self) -> None:
        (one,) = explain(QUESTION, [HIT], HashingEmbedder())
        evidence = explained_json(one)["evidence"]
        assert evidence["text"] == BODY[evidence["start"] : evidence["end"]]
        assert evidence["text"].startswith("Meta bought")
        assert sum(evidence["parts"].values()) == pytest.approx(evidence["score"], abs=1e-5)
        assert evidence["parts"]["passage"] == pytest.approx(0.3)  # of the best passage
        assert evidence["parts"]["ending"] == 0  # it ends with a full stop

    def test_a_hit_without_a_sentence(self) -> None:
        article = Article("x", "T", "Photos: gallery")
        (one,) = explain(QUESTION, [Hit(Passage(article, 0, 15), 0.1)], HashingEmbedder())
        assert explained_json(one)["evidence"] is None
        assert "none of its sentences" in explained_text(one)

    def test_raised_as_an_answer_does(self) -> None:
        """On the day itself, or in the year that a question names."""
        day = parse_day("2025-06-13")
        (new,) = explain(QUESTION, [HIT], HashingEmbedder(), day)
        assert new.raised == pytest.approx(1 + NEWNESS)
        (timed,) = explain(f"{QUESTION[:-1]} in 2025?", [HIT], HashingEmbedder(), day)
        assert timed.raised == pytest.approx(1 + DISTANT)

    def test_judged_if_a_model_is_given(self) -> None:
        (one,) = explain(QUESTION, [HIT], HashingEmbedder(), None, ScriptedGenerator("yes"))
        assert explained_json(one)["judge"] == pytest.approx(1.0)
        assert "judge 1.00" in explained_text(one)

    def test_what_steers_a_terminal_is_cut(self) -> None:
        body = "Meta bought \x1b[31ma stake of 49% in Scale AI."
        hit = Hit(Passage(Article("x", "T", body), 0, len(body)), 0.1)
        (one,) = explain(QUESTION, [hit], HashingEmbedder())
        assert "\x1b" not in explained_text(one)


@pytest.mark.usefixtures("indexed")
class TestCommand:
    def test_in_json_beside_each_passage(self, byline: Byline) -> None:
        told = json.loads(byline("search", QUESTION, "--explain", "--json").out)["passages"]
        assert told
        assert all(row["explain"]["fused"] > 0 for row in told)

    def test_in_the_terminal(self, byline: Byline) -> None:
        told = byline("search", QUESTION, "--explain").out
        assert "dense rank 1" in told
        assert "similarity" in told

    def test_without_it_nothing_changes(self, byline: Byline) -> None:
        plain = json.loads(byline("search", QUESTION, "--json").out)["passages"]
        explained = json.loads(byline("search", QUESTION, "--explain", "--json").out)["passages"]
        assert all("explain" not in row for row in plain)
        assert [{k: v for k, v in row.items() if k != "explain"} for row in explained] == plain

    def test_the_judge_if_asked_for(self, byline: Byline) -> None:
        told = byline("search", QUESTION, "--explain", "--judge", "--json").out
        assert [row["explain"]["judge"] for row in json.loads(told)["passages"]] == [1.0, 1.0]

    def test_the_judge_goes_with_it(self, byline: Byline) -> None:
        assert byline("search", QUESTION, "--judge").code == 2
