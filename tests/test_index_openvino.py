"""The export that OpenVINO computes: made once, of the weights that are there, and like torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import BylineError
from index.embedder import SentenceTransformerEmbedder
from index.openvino_embedder import OpenVinoEmbedder
from index.openvino_export import FOLDER, MODEL, RANGES, WEIGHTS, ensure_export
from index.openvino_int8 import use_int8
from index.openvino_module import openvino

ROOT = Path(__file__).parent.parent
TEXTS = [
    "meta paid wang",
    "the founder of scale ai",
    "a new chief officer paid $ 49 billion " * 9,  # 72 tokens, beyond the encoder's 64
    "",
]


@pytest.fixture
def encoder(tiny_encoder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny encoder, with no export unless the other tests left one."""
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    return folder


def test_vectors_are_those_of_torch_but_for_rounding(tiny_encoder: Path) -> None:
    plain = SentenceTransformerEmbedder(tiny_encoder, "tiny", "", "cpu").embed_passages(TEXTS)
    vectors = OpenVinoEmbedder(tiny_encoder, "tiny", "").embed_passages(TEXTS)
    assert (plain * vectors).sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_a_question_is_that_of_torch_but_for_rounding(tiny_encoder: Path) -> None:
    plain = SentenceTransformerEmbedder(tiny_encoder, "tiny", "", "cpu").embed_question("who paid?")
    vector = OpenVinoEmbedder(tiny_encoder, "tiny", "").embed_question("who paid?")
    assert plain @ vector == pytest.approx(1, abs=1e-3)


def test_many_texts_of_many_lengths_keep_their_rows(tiny_encoder: Path) -> None:
    texts = [" ".join(["meta"] * (i % 60) + ["wang"] * (i % 7)) for i in range(600)]
    plain = SentenceTransformerEmbedder(tiny_encoder, "tiny", "", "cpu").embed_passages(texts)
    vectors = OpenVinoEmbedder(tiny_encoder, "tiny", "").embed_passages(texts)
    assert np.abs((plain * vectors).sum(axis=1) - 1).max() < 2e-3


def rounded_in(export: Path, ranges: dict[str, np.ndarray]) -> int:
    """How many tensors of the export's model are rounded to int8 with these ranges."""
    model = openvino().Core().read_model(export / MODEL, export / WEIGHTS)
    use_int8(model, ranges)
    return sum(node.get_type_name() == "FakeQuantize" for node in model.get_ops())


def test_products_are_rounded_but_that_of_the_heads(encoder: Path) -> None:
    export = ensure_export(encoder)
    with np.load(export / RANGES) as ranges:
        assert sorted(found.shape for found in ranges.values()) == [(2, 16), (2, 16), (2, 32)]
        # The inputs of query, key and value together and of the two other layers, and five weights
        assert rounded_in(export, dict(ranges)) == 3 + 5


def test_a_product_whose_range_is_not_known_stays_as_it_is(encoder: Path) -> None:
    assert rounded_in(ensure_export(encoder), {}) == 0


def test_the_export_is_made_once(encoder: Path) -> None:
    made = (ensure_export(encoder) / MODEL).stat().st_mtime_ns
    assert (ensure_export(encoder) / MODEL).stat().st_mtime_ns == made


def test_other_weights_are_exported_anew(encoder: Path) -> None:
    made = (ensure_export(encoder) / MODEL).stat().st_mtime_ns
    weights = encoder / "model.safetensors"
    weights.write_bytes(weights.read_bytes())
    assert (ensure_export(encoder) / MODEL).stat().st_mtime_ns > made


def test_half_an_export_is_not_used(encoder: Path) -> None:
    shutil.rmtree(encoder / FOLDER, ignore_errors=True)
    (encoder / f"{FOLDER}.part").mkdir()
    (encoder / f"{FOLDER}.part" / MODEL).write_text("half of it")
    assert OpenVinoEmbedder(encoder, "tiny", "").dim == 16
    assert not (encoder / f"{FOLDER}.part").exists()


def test_a_damaged_export_says_what_to_delete(encoder: Path) -> None:
    (ensure_export(encoder) / MODEL).write_text("no model")
    with pytest.raises(BylineError, match=r"openvino cannot be read.*delete that folder"):
        OpenVinoEmbedder(encoder, "tiny", "").embed_question("meta")


def test_a_pickle_alone_is_refused(encoder: Path) -> None:
    shutil.rmtree(encoder / FOLDER, ignore_errors=True)
    (encoder / "model.safetensors").rename(encoder / "pytorch_model.bin")
    with pytest.raises(BylineError, match=r"pytorch_model.bin is a pickle"):
        OpenVinoEmbedder(encoder, "tiny", "").embed_question("meta")


def test_torch_still_reads_the_folder(encoder: Path) -> None:
    ensure_export(encoder)
    SentenceTransformerEmbedder(encoder, "tiny", "", "cpu").embed_question("meta")


def test_an_export_is_read_without_torch_and_reports_to_nobody(encoder: Path) -> None:
    ensure_export(encoder)
    program = (
        "import sys; from pathlib import Path;"
        "from index.openvino_embedder import OpenVinoEmbedder;"
        f"OpenVinoEmbedder(Path({str(encoder)!r}), 'tiny', '').embed_question('meta');"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)),"
        "sys.modules['openvino_telemetry'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "[] None"
