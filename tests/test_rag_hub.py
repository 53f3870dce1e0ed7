"""Models that are named by their hub id: one question to the hub, and one sentence if it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commandline import Byline
from huggingface_hub import constants
from newsstand import Site, newsstand

from corpus.errors import BylineError
from rag.engines.transformers_engine import TransformersGenerator
from rag.support.others import CrossEncoderSupport

NOBODY = "nonsense/none"


def support(model: str) -> None:
    CrossEncoderSupport(model).supports("A claim.", ["A text."])


def answers(model: str) -> None:
    TransformersGenerator(model, model, offline=False)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A hub on loopback that has no model at all."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with newsstand() as site:
        monkeypatch.setattr(constants, "ENDPOINT", site.url)
        yield site


@pytest.mark.parametrize("load", [support, answers])
def test_without_a_network_it_is_tried_once(
    load: Callable[[str], None],
    network_attempts: list[str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(BylineError, match=rf"{NOBODY}.*hub.*network"):
        load(NOBODY)
    assert len(network_attempts) <= 1
    network_attempts.clear()
    assert not caplog.records
    assert not capfd.readouterr().err


@pytest.mark.parametrize("load", [support, answers])
def test_a_model_that_the_hub_does_not_have(load: Callable[[str], None], hub: Site) -> None:
    with pytest.raises(BylineError, match=rf"{NOBODY}.*no such model"):
        load(NOBODY)
    assert hub.paths() == [f"/api/models/{NOBODY}"]


def test_a_hub_that_is_out_of_order(hub: Site) -> None:
    hub.status(f"/api/models/{NOBODY}", 500)
    with pytest.raises(BylineError, match="the hub answered with status 500"):
        support(NOBODY)
    assert len(hub.paths()) == 1


@pytest.mark.parametrize("load", [support, answers])
@pytest.mark.parametrize("name", ["not a model", "a/b/c", "-x-"])
def test_what_is_no_hub_id_asks_nobody(load: Callable[[str], None], name: str, hub: Site) -> None:
    with pytest.raises(BylineError, match=name):
        load(name)
    assert not hub.paths()


def test_the_command_says_one_sentence(
    byline: Byline, articles: Path, elsewhere: Path, hub: Site
) -> None:
    (elsewhere / "answer.txt").write_text("Meta paid $14.3 billion for 49% of Scale AI.")
    done = byline("check", "answer.txt", "--sources", articles, "--support", NOBODY)
    assert done.code == 1
    assert done.err.splitlines()[0].startswith("Read 2 articles")
    assert done.err.splitlines()[1:] == [
        f"byline: The support model {NOBODY} could not be read (the hub has no such model, or does "
        "not show it to you): name a folder or a hub id of a cross-encoder, or set support to "
        "rules."
    ]
