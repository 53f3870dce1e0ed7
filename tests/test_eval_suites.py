"""The suites, with fakes for the models and real indexes on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import HashingEmbedder, ScriptedGenerator

from corpus import Article, BylineError
from eval import suites
from eval.measure import Options, each, ensure_suite_index, make_result, peak_memory_mb, processor
from eval.records import Record, Result, Summary
from eval.sets import AbsentSetError, read_cases
from eval.suites import run_mine, run_suite
from eval.teaching.pairs import SEED, SHARE_TESTED, held_out
from index.build import build
from index.search import Index
from index.versions import MANIFEST, SCHEMA, current_version, read_manifest, version_folder
from rag.pipeline import Pipeline
from rag.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Suites load an embedder of words and a model that always says the same."""
    embedder = HashingEmbedder()

    def load(settings: Settings) -> Pipeline:
        index = Index.open(settings.index, embedder)
        return Pipeline(index, embedder, ScriptedGenerator("It was Wang [1]."))

    monkeypatch.setattr(suites, "embedder_of", lambda settings: embedder)
    monkeypatch.setattr(suites, "load", load)


def put(folder: Path, name: str, *rows: object) -> None:
    (folder / name).write_text("\n".join(map(json.dumps, rows)))


def case(id_: str, answerable: bool) -> dict[str, object]:
    text = f"The founder of firm {id_} was Wang, as everybody in the trade knows."
    return {
        "id": id_,
        "question": f"Who was the founder of firm {id_}?",
        "answers": ["Wang"] if answerable else [],
        "passages": [{"id": f"p{id_}", "title": f"Firm {id_}", "date": None, "text": text}],
        "gold_passage_ids": [f"p{id_}"] if answerable else [],
        "answerable": answerable,
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    put(folder, "squad2.jsonl", *(case(str(n), n % 2 == 0) for n in range(20)))
    question = {"question": "Where was it?", "date": "2025-01-01", "answers": ["Idaho"]}
    article = {"url": "u", "title": "T", "published_at": "2025-01-01"}
    put(
        folder,
        "linked-questions.jsonl",
        {**question, "id": "a", "gold_article_ids": ["1"]},
        {**question, "id": "b", "gold_article_ids": ["2"]},
    )
    put(
        folder,
        "linked-articles.jsonl",
        *({**article, "id": str(n), "text": f"It was in Idaho {n}."} for n in range(9)),
    )
    return folder


def test_the_plain_recipe_is_asked_with_the_same_index_and_weights(data: Path) -> None:
    result = run_suite("abstain", Options(data=data, plain=True))
    assert result.run.suite == "abstain-plain"
    for record in result.records:
        assert record.answer == "It was Wang. [1]"  # nothing is checked, so nothing is refused
        assert record.sentences[0].verdict is None
        assert record.confidence is None
        assert [one.number for one in record.sentences[0].citations] == [1]
    with pytest.raises(BylineError, match="no question is asked"):
        run_suite("attribution", Options(data=data, plain=True))


def test_the_plain_recipe_gives_the_five_nearest_and_can_refuse(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = ScriptedGenerator("I do not know.")

    def load(settings: Settings) -> Pipeline:
        embedder = HashingEmbedder()
        return Pipeline(Index.open(settings.index, embedder), embedder, generator)

    monkeypatch.setattr(suites, "load", load)
    index = data / "index"
    records = run_suite("linked", Options(data=data, index=index, plain=True)).records
    assert [record.abstained for record in records] == [True, True]
    told = generator.asked[0][-1].content
    assert all(f"[{n}] T" in told for n in range(1, 6))
    assert "[6]" not in told


def test_titles_that_the_judge_was_taught_from_are_left_out(data: Path) -> None:
    asked = {f"Firm {record.id}" for record in run_suite("abstain", Options(data=data)).records}
    learnt, _ = held_out(read_cases(data, "squad2"), SHARE_TESTED, SEED)
    assert asked.isdisjoint(one.articles[0].title for one in learnt)


def test_each_question_is_answered_from_its_own_passages_alone(data: Path) -> None:
    result = run_suite("abstain", Options(data=data))
    assert len(result.records) == 6
    for record in result.records:
        assert {passage.article_id for passage in record.retrieved} == {f"p{record.id}"}


def test_a_sample_takes_as_many_of_each_kind(data: Path) -> None:
    result = run_suite("abstain", Options(data=data, limit=4))
    assert [record.answerable for record in result.records].count(True) == 2


def test_a_run_of_many_indexes_names_none(data: Path) -> None:
    run = run_suite("abstain", Options(data=data, limit=2, seed=7)).run
    assert (run.index_version, run.articles, run.passages) == (None, None, None)
    assert (run.suite, run.limit, run.seed) == ("abstain", 2, 7)


def test_a_set_that_is_absent_beside_one_that_is_there_is_named(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_suite("abstain", Options(data=data, limit=1))
    assert "abstain: a set is skipped: there is no clapnq.jsonl" in capsys.readouterr().err


def test_a_suite_without_any_of_its_sets_is_absent(tmp_path: Path) -> None:
    for name in ("abstain", "conflict", "news", "linked", "attribution"):
        with pytest.raises(AbsentSetError):
            run_suite(name, Options(data=tmp_path))


def test_an_unknown_suite_is_named() -> None:
    with pytest.raises(BylineError, match="There is no suite golden: choose gold, news"):
        run_suite("golden", Options())


def test_news_are_asked_over_one_pool(data: Path, tmp_path: Path) -> None:
    result = run_suite("linked", Options(data=data, index=tmp_path / "built"))
    assert (result.run.articles, len(result.records)) == (9, 2)
    assert result.summary.metrics["passages_per_second"].n == 9


def test_the_index_of_a_pool_is_used_again(data: Path, tmp_path: Path) -> None:
    options = Options(data=data, index=tmp_path / "built")
    first, second = (run_suite("linked", options) for _ in range(2))
    assert first.run.index_version == second.run.index_version
    assert second.summary.metrics["passages_per_second"].value is None


def test_a_smaller_pool_keeps_what_the_questions_name(data: Path, tmp_path: Path) -> None:
    options = Options(data=data, index=tmp_path / "built", pool=3)
    result = run_suite("linked", options)
    assert result.run.articles == 3
    assert result.summary.metrics["hit@10"].value == 1


def test_the_gold_set_is_asked_over_the_sample_articles(tmp_path: Path) -> None:
    result = run_suite("gold", Options(limit=3, index=tmp_path / "built"))
    assert (len(result.records), result.run.suite) == (3, "gold")
    assert result.run.articles is not None
    assert result.run.articles > 20


def test_a_split_is_chosen_before_the_sample(tmp_path: Path) -> None:
    result = run_suite("gold", Options(limit=3, split="dev", index=tmp_path / "built"))
    assert [record.split for record in result.records] == ["dev"] * 3


def test_a_split_that_is_not_there_is_an_error() -> None:
    with pytest.raises(BylineError, match="No question has the split deb"):
        run_suite("gold", Options(split="deb"))


def mine(folder: Path) -> Result:
    questions = folder / "mine.jsonl"
    put(folder, "mine.jsonl", {"id": "a", "question": "Who was it?", "answers": ["Wang"]})
    return run_mine(questions, Options(index=folder / "built"))


def test_a_users_questions_are_asked_over_the_index_as_it_is(tmp_path: Path) -> None:
    build([Article("w", "T", "It was Wang, they said.")], HashingEmbedder(), tmp_path / "built")
    result = mine(tmp_path)
    assert (result.run.suite, result.run.articles) == ("mine", 1)
    assert result.records[0].outcome == "right"


def test_without_an_index_a_user_is_told_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match=r"There is no index in .*; run: byline index build"):
        mine(tmp_path)


POOL = [Article("a", "T", "It was Wang.")]


def test_an_index_of_other_articles_is_never_replaced(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    build(POOL, embedder, tmp_path, sources=["articles"])
    version = current_version(tmp_path)
    with pytest.raises(BylineError, match="holds other articles than this suite's"):
        ensure_suite_index(tmp_path, [Article("b", "T", "Other.")], "linked-articles", embedder)
    assert current_version(tmp_path) == version


def test_a_suites_own_index_of_another_schema_is_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.measure.CACHE", tmp_path)
    folder, embedder = tmp_path / "gold", HashingEmbedder()
    build(POOL, embedder, folder, sources=["elsewhere"])
    manifest = version_folder(folder, str(current_version(folder))) / MANIFEST
    manifest.write_text(manifest.read_text().replace(f'"schema": {SCHEMA}', '"schema": 1'))
    ensure_suite_index(folder, POOL, "articles", embedder)
    assert read_manifest(folder).articles == 1


def test_the_speed_of_a_build_that_had_vectors_already_is_no_score(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    first = ensure_suite_index(tmp_path, POOL, "pool", embedder)
    grown = ensure_suite_index(tmp_path, [*POOL, Article("b", "T", "Other.")], "pool", embedder)
    assert (first.n, first.value is None, grown.value) == (1, False, None)


def test_a_run_that_is_stopped_keeps_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    def ask(name: str) -> Record:
        if name == "c":
            raise KeyboardInterrupt
        return Record(name, "Who?", "right", "", False)

    assert [record.id for record in each("abcd", ask)] == ["a", "b"]
    assert "Stopped after 2 of 4 questions." in capsys.readouterr().err


def test_a_run_that_is_stopped_before_anything_was_asked_is_no_run() -> None:
    def ask(name: str) -> Record:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        each("abcd", ask)


def test_a_run_says_what_it_was_made_with_but_not_where() -> None:
    settings = load_settings(model="m", retrieved=7)
    run = make_result("gold", settings, Options(), [], Summary({}, {}, {})).run
    assert (run.model, run.settings["retrieved"]) == ("m", 7)
    assert not {"index", "models_dir", "eval_data"} & set(run.settings)
    assert run.created_at.endswith("+00:00")


def test_the_machine_is_named() -> None:
    assert processor().endswith("cores")
    memory = peak_memory_mb()
    assert memory is None or 10 < memory < 1_000_000


def test_the_index_of_a_suite_is_searched_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_STORE", "milvus://127.0.0.1:1/news")
    assert Options().settings(None).store == "milvus://127.0.0.1:1/news"
    assert Options().settings_of_suite(Path("gold")).store is None
