"""Where settings come from, what beats what, and how a mistake in one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import BylineError
from rag.load import load_embedder, load_generator
from rag.loopback import Addresses
from rag.settings import load_settings

pytestmark = pytest.mark.usefixtures("elsewhere")


def toml(text: str) -> None:
    Path("byline.toml").write_text(text, encoding="utf-8")


def test_every_setting_has_a_default() -> None:
    assert load_settings().engine == "auto"


def test_the_file_beats_the_default() -> None:
    toml('engine = "transformers"')
    assert load_settings().engine == "transformers"


def test_the_environment_beats_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    toml("retrieved = 5")
    monkeypatch.setenv("BYLINE_RETRIEVED", "6")
    assert load_settings().retrieved == 6


def test_what_is_chosen_beats_both(monkeypatch: pytest.MonkeyPatch) -> None:
    toml("retrieved = 5")
    monkeypatch.setenv("BYLINE_RETRIEVED", "6")
    assert load_settings(retrieved=7).retrieved == 7


def test_none_is_not_chosen() -> None:
    assert load_settings(engine=None) == load_settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('enigne = "auto"', "enigne"),
        ('engine = "abacus"', "engine"),
        ("retrieved = 0", "retrieved"),
        ('retrieved = "many"', "retrieved"),
        ("engine = auto", "byline.toml"),
    ],
)
def test_a_mistake_in_the_file_is_named(text: str, named: str) -> None:
    toml(text)
    with pytest.raises(BylineError, match=named) as raised:
        load_settings()
    assert "\n" not in str(raised.value)


def test_a_file_in_another_encoding_is_named() -> None:
    Path("byline.toml").write_bytes('model = "é"'.encode("latin-1"))
    with pytest.raises(BylineError, match=r"byline\.toml"):
        load_settings()


def test_a_mistaken_value_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_ENGINE", "abacus")
    with pytest.raises(BylineError, match="BYLINE_ENGINE"):
        load_settings()


def test_a_mistaken_name_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_ENIGNE", "transformers")
    with pytest.raises(BylineError, match="BYLINE_ENIGNE"):
        load_settings()


@pytest.mark.parametrize(
    ("told", "address", "trusted"),
    [
        (None, "127.0.0.1", True),
        (None, "::1", True),
        (None, "10.1.2.3", False),
        ('["10.0.0.0/8"]', "10.1.2.3", True),
        ('["10.0.0.0/8"]', "127.0.0.1", False),
        ('["10.1.2.3", "fd00::/8"]', "fd00::7", True),
        ('["10.1.2.3"]', "no address", False),
    ],
)
def test_proxies_are_trusted_by_address_or_network(
    monkeypatch: pytest.MonkeyPatch, told: str | None, address: str, trusted: bool
) -> None:
    if told is not None:
        monkeypatch.setenv("BYLINE_TRUSTED_PROXIES", told)
    assert (address in Addresses(load_settings().trusted_proxies)) is trusted


def test_a_network_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_TRUSTED_PROXIES", '["10.0.0.1/8"]')
    with pytest.raises(BylineError, match=r"trusted_proxies"):
        load_settings()


class TestLoading:
    """What a setting leads to, before any weight is read."""

    @staticmethod
    def no_fetch(name: str, _: Path) -> Path:
        raise BylineError(f"{name} would be fetched")

    def test_an_embedder_that_is_not_in_the_catalogue(self) -> None:
        with pytest.raises(BylineError, match=r"minilm"):
            load_embedder(load_settings(embedder="word2vec"), self.no_fetch)

    def test_a_model_of_the_catalogue_is_fetched(self) -> None:
        with pytest.raises(BylineError, match=r"smollm2-135m would be fetched"):
            load_generator(load_settings(model="smollm2-135m"), self.no_fetch)

    def test_a_language_model_is_no_embedder(self) -> None:
        with pytest.raises(BylineError, match="minilm"):
            load_embedder(load_settings(embedder="smollm2-135m"), self.no_fetch)

    def test_an_embedder_is_no_language_model(self) -> None:
        with pytest.raises(BylineError, match="qwen"):
            load_generator(load_settings(model="minilm"), self.no_fetch)

    def test_llama_cpp_reads_gguf_only(self, tiny_decoder: Path) -> None:
        settings = load_settings(engine="llama.cpp", model=str(tiny_decoder))
        with pytest.raises(BylineError, match="GGUF"):
            load_generator(settings, self.no_fetch)

    def test_auto_takes_transformers_for_a_folder(self, tiny_decoder: Path) -> None:
        generator = load_generator(load_settings(model=str(tiny_decoder)), self.no_fetch)
        assert type(generator).__name__ == "TransformersGenerator"
        assert generator.name == str(tiny_decoder)

    @pytest.mark.parametrize("engine", ["auto", "llama.cpp", "transformers"])
    def test_a_gguf_file_that_is_not_there(self, engine: str) -> None:
        settings = load_settings(engine=engine, model="nowhere.gguf")
        with pytest.raises(BylineError, match=r"nowhere\.gguf"):
            load_generator(settings, self.no_fetch)
