"""A sentence-transformers model in OpenVINO's form, kept beside its weights.

It is made once, with torch, from the safetensors; reading it needs no torch.
"""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import corpus
from corpus.errors import BylineError
from corpus.read import read_articles
from index.chunk import chunk, embedding_text
from index.openvino_module import openvino

if TYPE_CHECKING:
    import numpy as np

FOLDER = "openvino"
MODEL, WEIGHTS, TOKENIZER, FACTS = "model.xml", "model.weights", "tokenizer.json", "export.json"
RANGES = "ranges.npz"
_FORM = 2
"""Of what is written here; an export of another form is made anew."""

_SAMPLE = Path(corpus.__file__).parent / "articles"
_SAMPLE_BATCH = 8

_log = logging.getLogger(__name__)


def ensure_export(folder: Path) -> Path:
    """The folder of the export of the model in `folder`, made if it is missing or of other files.

    Making it takes seconds, and it is moved to its place when it is whole. Raises BylineError when
    the weights cannot be read or the export cannot be written.
    """
    export = folder / FOLDER
    if _is_of(export, folder):
        return export
    from filelock import FileLock  # here, as it loads much and is hardly ever needed

    try:
        with FileLock(folder / f".{FOLDER}.lock"):
            if not _is_of(export, folder):
                _log.info("Preparing the embedder in %s for this processor, once", folder)
                _make(folder, export)
    except OSError as error:
        raise BylineError(
            f"The embedder could not be prepared in {folder} ({error.strerror or error}): make "
            "room there or let this user write there, and run the command again"
        ) from error
    return export


def _make(folder: Path, export: Path) -> None:
    part = export.with_name(f"{FOLDER}.part")
    for stale in (part, export):
        if stale.exists():
            shutil.rmtree(stale)
    part.mkdir()
    try:
        _write(folder, part)
        part.replace(export)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _write(folder: Path, target: Path) -> None:
    """The whole model, traced: encoder, pooling, unit length."""
    import numpy as np
    import torch

    from index.embedder import load_sentence_transformer
    from index.openvino_int8 import measure_ranges

    model = load_sentence_transformer(folder, "cpu")
    example = torch.ones(2, 16, dtype=torch.long)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing tells of everything that it takes as given
        converted = openvino().convert_model(
            _whole(model), example_input={"input_ids": example, "attention_mask": example}
        )
    openvino().save_model(converted, target / MODEL, compress_to_fp16=False)
    # Its own name is model.bin, as that of a pickle.
    (target / MODEL).with_suffix(".bin").rename(target / WEIGHTS)
    ranges: dict[str, Any] = {**measure_ranges(converted, _sample_batches(model))}
    np.savez(target / RANGES, **ranges)
    model.tokenizer.backend_tokenizer.save(str(target / TOKENIZER))
    facts = {
        "made_from": _mark(folder),
        "dim": model.get_embedding_dimension(),
        "max_seq_length": model.max_seq_length,
        "pad": model.tokenizer.pad_token_id,
        "prompts": {kind: model.prompts.get(kind, "") for kind in ("query", "document")},
    }
    (target / FACTS).write_text(json.dumps(facts, indent=2), encoding="utf-8")


def _sample_batches(model: Any) -> Iterator[dict[str, np.ndarray]]:
    """Tokens of the sample articles' passages."""
    prompt = model.prompts.get("document", "")
    articles = read_articles([_SAMPLE]).articles
    texts = [prompt + embedding_text(passage) for one in articles for passage in chunk(one)]
    for start in range(0, len(texts), _SAMPLE_BATCH):
        found = model.tokenizer(
            texts[start : start + _SAMPLE_BATCH],
            padding=True,
            truncation=True,
            max_length=model.max_seq_length,
            return_tensors="np",
        )
        yield {name: found[name] for name in ("input_ids", "attention_mask")}


def _whole(model: Any) -> Any:
    import torch

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vectors = self.model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=-1)

    return Whole().eval()


def _is_of(export: Path, folder: Path) -> bool:
    try:
        facts = json.loads((export / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and facts.get("made_from") == _mark(folder)


def _mark(folder: Path) -> dict[str, Any]:
    """Changes with the model's files, and with the form of the export."""
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith((".", f"{FOLDER}/", f"{FOLDER}.")):
            stat = path.stat()
            files[name] = [stat.st_size, stat.st_mtime_ns]
    return {"form": _FORM, "files": files}
