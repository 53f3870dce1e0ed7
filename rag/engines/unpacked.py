"""The weights of a GGUF file as bfloat16 safetensors, kept beside it.

transformers takes minutes to unpack a GGUF file and seconds to read safetensors: it is done once.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock

from corpus.errors import BylineError

FOLDER = "bfloat16"
_SOURCE = "source.json"
_GROWTH = 3.3
"""Size of bfloat16 weights over that of their Q4_K_M file (3.18 measured), with some to spare."""


def is_unpacked(file: Path) -> bool:
    """Whether the safetensors are there and were made from `file` as it is now."""
    try:
        made_from = json.loads((file.parent / FOLDER / _SOURCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(made_from == _mark(file))


def can_unpack(file: Path) -> bool:
    """Whether `file` is there, and unpacked already or the disk has room for it."""
    return file.is_file() and (is_unpacked(file) or has_room(file))


def has_room(file: Path) -> bool:
    """Whether the disk can take the unpacked weights of `file`."""
    return shutil.disk_usage(file.parent).free > _GROWTH * file.stat().st_size


def unpack(file: Path) -> Path:
    """The folder with the safetensors of the GGUF `file`, made if need be, which takes minutes.

    The folder is moved to its place when it is whole. Raises BylineError when it cannot be written.
    """
    folder = file.parent / FOLDER
    with FileLock(file.parent / f".{FOLDER}.lock"):
        if is_unpacked(file):
            return folder
        part = file.parent / f"{FOLDER}.part"
        try:
            for stale in (part, folder):
                if stale.exists():
                    shutil.rmtree(stale)
            _write(file, part)
            (part / _SOURCE).write_text(json.dumps(_mark(file)), encoding="utf-8")
            part.replace(folder)
        except OSError as error:
            shutil.rmtree(part, ignore_errors=True)
            raise BylineError(
                f"The weights of {file.name} could not be unpacked into {file.parent} "
                f"({error.strerror or error}): make room there, or choose --engine llama.cpp."
            ) from error
    return folder


def _write(file: Path, folder: Path) -> None:
    from rag.engines.transformers_engine import read_weights

    tokenizer, model = read_weights(file, local_only=True)
    _forget_quantisation(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _forget_quantisation(model: Any) -> None:
    """The weights are plain numbers by now; the mark would send `save_pretrained` astray."""
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config


def _mark(file: Path) -> dict[str, Any]:
    stat = file.stat()
    return {"file": file.name, "size": stat.st_size, "modified_ns": stat.st_mtime_ns}
