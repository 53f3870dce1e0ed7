"""Questions proposed by the model: only those whose answer stands in the article are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import HashingEmbedder, ScriptedGenerator

from corpus import Article, BylineError
from eval import draft as drafting
from eval.draft import draft, propose, write_drafts
from eval.measure import Options
from eval.questions import load_questions
from index.build import build
from index.search import Index
from index.types import Passage
from rag.pipeline import Pipeline
from rag.settings import Settings

BODY = (
    "Jason Droege became chief executive of Scale AI in June, after the founder had left for Meta "
    "with a handful of engineers. He led Uber Eats before, and had joined the firm in 2024."
)
ARTICLE = Article("chief", "A new chief", BODY)
PASSAGE = Passage(ARTICLE, 0, len(BODY))
GOOD = "Question: Who became chief executive of Scale AI?\nAnswer: Jason Droege."


def test_a_good_proposal_is_a_question_with_its_gold() -> None:
    question = propose(PASSAGE, ScriptedGenerator(GOOD))
    assert question is not None
    assert question.question == "Who became chief executive of Scale AI?"
    assert (question.answers, question.article_ids) == (("Jason Droege",), ("chief",))
    assert question.sentences == (BODY[: BODY.index("He led") - 1],)


@pytest.mark.parametrize(
    "reply",
    [
        "I cannot think of one.",
        "Question: Tell me.\nAnswer: Jason Droege",
        "Question: Who left?\nAnswer: Alexandr Wang",
        "Question: Did Jason Droege come?\nAnswer: Jason Droege",
        "Question: In which month?\nAnswer: in",
        f"Question: What happened?\nAnswer: {BODY.split('.')[0]}",
    ],
)
def test_what_the_article_does_not_bear_out_is_cut(reply: str) -> None:
    assert propose(PASSAGE, ScriptedGenerator(reply)) is None


def test_the_model_is_shown_the_title_and_the_passage() -> None:
    generator = ScriptedGenerator(GOOD)
    propose(PASSAGE, generator)
    assert generator.asked[0][1].content == f"A new chief\n\n{BODY}"


def pipeline(folder: Path, *articles: Article) -> Pipeline:
    embedder = HashingEmbedder()
    build(articles, embedder, folder)
    return Pipeline(Index.open(folder, embedder), embedder, ScriptedGenerator(GOOD))


def test_a_caption_is_not_asked_about(tmp_path: Path) -> None:
    made = pipeline(tmp_path, ARTICLE, Article("caption", "Photo", "Jason Droege at work."))
    drafts = list(draft(made.index, made.generator))
    made.index.close()
    assert sorted(question is None for question in drafts) == [False, True]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def load(settings: Settings) -> Pipeline:
        return pipeline(tmp_path / "built", ARTICLE)

    monkeypatch.setattr(drafting, "load", load)


@pytest.mark.usefixtures("loaded")
def test_drafts_are_a_file_that_can_be_asked(tmp_path: Path) -> None:
    write_drafts(Options(limit=5), tmp_path / "drafts.jsonl")
    (question,) = load_questions(tmp_path / "drafts.jsonl")
    assert question.answers == ("Jason Droege",)


@pytest.mark.usefixtures("loaded")
def test_drafts_go_to_stdout_and_their_number_to_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_drafts(Options(limit=5), None)
    captured = capsys.readouterr()
    assert captured.out.startswith('{"id": "draft-chief-0"')
    assert "Proposed 1 from 1 articles" in captured.err


@pytest.mark.usefixtures("loaded")
def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "drafts.jsonl").write_text("chosen by hand")
    with pytest.raises(BylineError, match="name a new file"):
        write_drafts(Options(), tmp_path / "drafts.jsonl")
    assert (tmp_path / "drafts.jsonl").read_text() == "chosen by hand"
