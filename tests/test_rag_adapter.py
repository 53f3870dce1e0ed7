"""What a model was taught to judge, on a tiny real one with weights of chance."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from corpus.errors import BylineError
from rag.engines.adapter import _PRIOR, Adapter, as_passage, as_question, normed
from rag.engines.transformers_engine import TransformersGenerator, read_weights
from rag.types import Message

WIDTH = 32
PASSAGES = [("A heading", "Text."), ("Another", "A longer text."), ("", "x")]


def taught(file: Path, path: str = "layers.0.mlp.up_proj", outputs: int = 64) -> Path:
    torch.manual_seed(1)
    save_file(
        {
            f"{path}.a": torch.randn(2, WIDTH).bfloat16(),
            f"{path}.b": torch.randn(outputs, 2).bfloat16(),
            "head.weight": torch.randn(1, WIDTH),
            "head.bias": torch.tensor([0.25]),
        },
        file,
    )
    return file


def test_passages_read_together_are_told_as_each_by_itself(
    tiny_decoder: Path, tmp_path: Path
) -> None:
    model = TransformersGenerator(
        tiny_decoder, "tiny", adapter=taught(tmp_path / "tiny.safetensors")
    )
    together = model.states_answer("Who?", PASSAGES)
    alone = [told for p in PASSAGES for told in model.states_answer("Who?", [p]) or ()]
    assert together == pytest.approx(alone, abs=0.02)
    assert all(0 < told < 1 for told in alone)
    assert len({round(told, 3) for told in alone}) > 1


def test_more_passages_than_are_read_at_once(tiny_decoder: Path, tmp_path: Path) -> None:
    model = TransformersGenerator(
        tiny_decoder, "tiny", adapter=taught(tmp_path / "tiny.safetensors")
    )
    assert len(model.states_answer("Who?", PASSAGES * 5) or ()) == 15


def test_the_log_odds_are_the_linear_layers_of_the_changed_state(
    tiny_decoder: Path, tmp_path: Path
) -> None:
    file = taught(tmp_path / "tiny.safetensors")
    tokenizer, model = read_weights(tiny_decoder, local_only=True)
    tokens = tokenizer(as_passage("T", "x") + as_question("Who?"))["input_ids"]
    (odds,) = Adapter(model, file).log_odds([tokens])

    from safetensors.torch import load_file

    held, (_, changed) = load_file(file), read_weights(tiny_decoder, local_only=True)
    a, b = held["layers.0.mlp.up_proj.a"], held["layers.0.mlp.up_proj.b"]
    changed.model.layers[0].mlp.up_proj.weight.data += b @ a
    changed.model.norm = torch.nn.Identity()
    with torch.inference_mode():
        state = changed.model(torch.tensor([tokens])).last_hidden_state[0, -1]
    expected = float(normed(state) @ held["head.weight"][0] + 0.25 + _PRIOR)
    assert odds == pytest.approx(expected, abs=0.15)  # bfloat16


def test_the_model_writes_as_before(tiny_decoder: Path, tmp_path: Path) -> None:
    chat = [Message("user", "Hello")]
    plain = TransformersGenerator(tiny_decoder, "tiny", max_new_tokens=8)
    model = TransformersGenerator(
        tiny_decoder, "tiny", max_new_tokens=8, adapter=taught(tmp_path / "tiny.safetensors")
    )
    assert plain.states_answer("Who?", PASSAGES) is None
    model.states_answer("Who?", PASSAGES)
    assert list(model.generate(chat)) == list(plain.generate(chat))
    assert model.read([chat], "yes") == plain.read([chat], "yes")


def test_what_another_model_was_taught_is_refused(tiny_decoder: Path, tmp_path: Path) -> None:
    file = taught(tmp_path / "large.safetensors", "layers.7.mlp.up_proj")
    with pytest.raises(
        BylineError, match=r"large\.safetensors is for a model with a layer layers\.7"
    ):
        TransformersGenerator(tiny_decoder, "tiny", adapter=file)
