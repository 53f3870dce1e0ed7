"""The command line with an index that is searched in Milvus."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import QUESTION, Byline, one_sentence
from fakes import ScriptedGenerator

from index.milvus import Milvus


def test_built_searched_and_gone_back(
    byline: Byline, articles: Path, fakes: ScriptedGenerator, milvus: Milvus
) -> None:
    store = ("--store", milvus.address)
    first = byline("index", "build", articles / "deal.txt", *store, "--json").json["version"]
    second = byline("index", "add", articles / "chief.txt", *store, "--json").json
    assert milvus.current() == second["manifest"]["version"]
    found = byline("search", QUESTION, *store, "--json").json["passages"]
    assert len(found) == 2
    assert found[0]["text"].startswith("Meta buys into Scale AI")
    answer = byline("ask", QUESTION, *store, "--json").json
    assert [s["text"] for s in answer["sentences"]] == ["Meta bought a stake of 49% in Scale AI."]
    assert byline("index", "rollback", *store).code == 0
    assert milvus.current() == first
    listed = byline("index", "versions", *store)
    assert listed.out.count("; in Milvus\n") == 2
    rows = byline("index", "versions", *store, "--json").json["versions"]
    assert [(row["in_use"], row["in_milvus"]) for row in rows] == [(False, True), (True, True)]
    assert byline("index", "compact", "--keep", 1, *store).code == 0
    assert milvus.versions() == {milvus.current()}
    assert "whole" in byline("index", "verify", *store).out


def test_a_server_that_is_not_there_is_one_sentence(
    byline: Byline, indexed: ScriptedGenerator, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYLINE_STORE", "milvus://127.0.0.1:9")
    for command in (("search", QUESTION), ("ask", QUESTION), ("index", "build", articles)):
        said = byline(*command).err.splitlines()
        assert said[-1].startswith("byline: milvus://127.0.0.1:9 could not be asked (")
        assert said[-1].endswith("): see whether Milvus runs there, and ask again.")
    monkeypatch.setenv("BYLINE_STORE", "http://127.0.0.1:9")
    assert "give milvus://HOST:PORT" in one_sentence(byline("search", QUESTION))
