"""A contract for every Embedder, on the fake and on a tiny real encoder with random weights."""

from __future__ import annotations

import shutil
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
from fakes import HashingEmbedder

from corpus.errors import BylineError
from index.embedder import SentenceTransformerEmbedder
from index.openvino_embedder import OpenVinoEmbedder
from index.types import Embedder


@pytest.fixture(params=["hashing", "sentence-transformers", "openvino"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "hashing":
        return HashingEmbedder(64)
    folder = request.getfixturevalue("tiny_encoder")
    if request.param == "openvino":
        return OpenVinoEmbedder(folder, "tiny", "0" * 64)
    return SentenceTransformerEmbedder(folder, "tiny", "0" * 64, "cpu", batch_size=2)


TEXTS = ["the stake", "wang", "meta paid the founder of scale ai $ 49 billion", "a new officer", ""]


class TestEveryEmbedder:
    def test_shape_and_type(self, embedder: Embedder) -> None:
        vectors = embedder.embed_passages(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.dim)
        assert vectors.dtype == np.float32

    def test_unit_length(self, embedder: Embedder) -> None:
        assert np.linalg.norm(embedder.embed_passages(TEXTS), axis=1) == pytest.approx(1, abs=1e-5)

    def test_rows_in_the_order_of_the_texts(self, embedder: Embedder) -> None:
        together = embedder.embed_passages(TEXTS)
        for row, text in zip(together, TEXTS, strict=True):
            # bfloat16 has 8 bits of mantissa, and a batch's width changes the order of the sums.
            assert row @ embedder.embed_passages([text])[0] == pytest.approx(1, abs=1e-3)

    def test_no_texts_no_rows(self, embedder: Embedder) -> None:
        assert embedder.embed_passages([]).shape == (0, embedder.dim)

    def test_a_question_is_one_vector(self, embedder: Embedder) -> None:
        vector = embedder.embed_question("who paid?")
        assert vector.shape == (embedder.dim,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)

    def test_same_text_same_vector(self, embedder: Embedder) -> None:
        assert (embedder.embed_question("meta paid") == embedder.embed_question("meta paid")).all()

    def test_progress_rises_to_all(self, embedder: Embedder) -> None:
        heard: list[tuple[int, int]] = []
        embedder.embed_passages(TEXTS, lambda done, total: heard.append((done, total)))
        assert heard == sorted(heard)
        assert heard[-1] == (len(TEXTS), len(TEXTS))

    def test_names_itself_and_its_weights(self, embedder: Embedder) -> None:
        assert embedder.name
        assert embedder.weights_hash


def test_the_fake_can_be_computed_in_the_head() -> None:
    embedder = HashingEmbedder()
    a, b = embedder.embed_passages(["meta buys scale", "scale grows"])
    assert a @ b == pytest.approx(1 / np.sqrt(3 * 2))


def test_the_weights_load_on_first_use_only(tmp_path: Path) -> None:
    embedder = SentenceTransformerEmbedder(tmp_path / "missing", "none", "")
    assert embedder.name == "none"
    with pytest.raises(BylineError, match="byline fetch"):
        embedder.embed_question("now")


def test_no_network(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("tried the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    SentenceTransformerEmbedder(tiny_encoder, "tiny", "", "cpu").embed_question("meta")


def test_threads_take_turns(tiny_encoder: Path) -> None:
    embedder = SentenceTransformerEmbedder(tiny_encoder, "tiny", "", "cpu")
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(embedder.embed_question("meta paid")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all((vector == found[0]).all() for vector in found)


def test_a_pickle_alone_is_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(BylineError, match=r"pytorch_model.bin is a pickle"):
        SentenceTransformerEmbedder(folder, "tiny", "", "cpu").embed_question("meta")


def test_a_pickle_beside_safetensors_is_not_read(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    (folder / "pytorch_model.bin").write_bytes(b"not a pickle either")
    SentenceTransformerEmbedder(folder, "tiny", "", "cpu").embed_question("meta")


def test_damaged_weights_name_the_command(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(BylineError, match=r"cannot be read.*byline fetch"):
        SentenceTransformerEmbedder(folder, "tiny", "", "cpu").embed_question("meta")


@pytest.mark.model
def test_real_weights_find_meaning_without_shared_words(minilm_folder: Path) -> None:
    embedder = SentenceTransformerEmbedder(minilm_folder, "minilm", "", "cpu")
    near, far = embedder.embed_passages(
        [
            "The social network bought 49% of the data labelling start-up.",
            "A new weather station was opened on the coast on Monday.",
        ]
    )
    question = embedder.embed_question("Which company did Facebook's owner invest in?")
    assert question @ near > 0.3 > question @ far
