"""Text to vectors on a processor, several times as fast as torch computes them there."""

from __future__ import annotations

import json
import os
import platform
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import BylineError
from index.openvino_export import FACTS, MODEL, RANGES, TOKENIZER, WEIGHTS, ensure_export
from index.openvino_module import openvino
from index.together import Together

if TYPE_CHECKING:
    import numpy as np

_SLAB = 512
"""Texts that are tokenised at a time."""

_BATCH_TOKENS = 1024
"""In a batch, padding included: what is at work then stays in a core's cache."""

_STEP = 8
"""Batches are padded to a multiple of it, as each other length compiles kernels of its own."""


class OpenVinoEmbedder:
    """A sentence-transformers model, computed in int8 and bfloat16 where the processor computes in
    bfloat16, else in float32.

    Reimers and Gurevych, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks", EMNLP
    2019. The weights load on first use, without the network; the very first takes seconds more.
    Text beyond the model's `max_seq_length` tokens is not read. Calls from several threads wait for
    each other. The vectors differ from float32 by rounding (docs/LOG.md), so that an index serves
    every processor.
    """

    def __init__(self, folder: Path | str, name: str, weights_hash: str) -> None:
        self.name = name
        self.weights_hash = weights_hash
        self._folder = Path(folder)
        self._model: _Loaded | None = None
        self._lock = threading.RLock()
        self._questions: Together[str, np.ndarray] = Together(self._embed_questions)

    @property
    def dim(self) -> int:
        """The vectors' width; asking for it loads the model."""
        return self._loaded().dim

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """Unit-length float32 vectors of shape (len(texts), dim), in the order of `texts`.

        Texts of like length share a batch, the longest first, so that nothing is spent on padding
        and a time left is never too short. Raises BylineError when the folder holds no model.
        """
        import numpy as np  # here, as a change that changes nothing embeds nothing

        with self._lock:
            model = self._loaded()
            vectors = np.zeros((len(texts), model.dim), dtype=np.float32)
            done = 0
            for rows, batch in model.encode_all(texts):
                vectors[rows] = batch
                done += len(rows)
                if on_progress:
                    on_progress(done, len(texts))
        return vectors

    def embed_question(self, text: str) -> np.ndarray:
        """A unit-length float32 vector of shape (dim,). Those that other threads ask for while one
        is at work are computed together, which changes the last bits."""
        return self._questions.one(text)

    def _embed_questions(self, texts: list[str]) -> np.ndarray:
        with self._lock:
            return self._loaded().encode_questions(texts)

    def _loaded(self) -> _Loaded:
        with self._lock:
            if self._model is None:
                self._model = _load(self._folder)
            return self._model


@dataclass(frozen=True)
class _Loaded:
    """The export in memory. Each core works on batches of its own."""

    dim: int
    prompts: dict[str, str]
    pad: int
    tokenizer: Any
    compiled: Any

    def encode_all(self, texts: Sequence[str]) -> Iterator[tuple[list[int], np.ndarray]]:
        """Rows of `texts` and their vectors, batch by batch as they are ready."""
        # OpenVINO's own queue of requests calls back into Python, and can wait for that for ever
        # while it holds the interpreter's lock: here the oldest request is waited for instead.
        running: deque[tuple[Any, list[int]]] = deque()
        cores = int(self.compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        for rows, tokens in self._batches(texts):
            if len(running) < cores:
                request = self.compiled.create_infer_request()
            else:
                request, finished = running.popleft()
                yield finished, _result(request)
            request.start_async(self._padded(tokens))
            running.append((request, rows))
        while running:
            request, finished = running.popleft()
            yield finished, _result(request)

    def encode_questions(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (len(texts), dim), of a few short texts."""
        import numpy as np

        found = self.tokenizer.encode_batch_fast([self.prompts["query"] + text for text in texts])
        padded = self._padded([encoding.ids for encoding in found])
        return np.array(self.compiled(padded)[0], dtype=np.float32)

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[list[int]]]]:
        """Rows and their tokens, of like length, as many as the token budget takes."""
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        for start in range(0, len(order), _SLAB):
            slab = order[start : start + _SLAB]
            found = self.tokenizer.encode_batch_fast(
                [self.prompts["document"] + texts[row] for row in slab]
            )
            tokens = {row: encoding.ids for row, encoding in zip(slab, found, strict=True)}
            slab.sort(key=lambda row: -len(tokens[row]))
            while slab:
                count = max(1, _BATCH_TOKENS // _stepped(len(tokens[slab[0]])))
                batch, slab = slab[:count], slab[count:]
                yield batch, [tokens[row] for row in batch]

    def _padded(self, tokens: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
        import numpy as np

        shape = (len(tokens), _stepped(max(map(len, tokens))))
        ids = np.full(shape, self.pad, dtype=np.int64)
        mask = np.zeros(shape, dtype=np.int64)
        for row, text in enumerate(tokens):
            ids[row, : len(text)] = text
            mask[row, : len(text)] = 1
        return {"input_ids": ids, "attention_mask": mask}


def _result(request: Any) -> np.ndarray:
    """Its vectors once they are there, copied, as it will work on another batch."""
    import numpy as np

    request.wait()
    return np.array(request.get_output_tensor(0).data)


def suits_openvino() -> bool:
    """Whether OpenVINO is the faster here: on x86-64 processors with no NVIDIA card beside them.

    Told by the driver's files, as asking torch would load it.
    """
    drivers = [
        Path("/dev/nvidiactl"),
        Path(os.environ.get("SYSTEMROOT", "")) / "System32/nvcuda.dll",
    ]
    is_x86 = platform.machine().lower() in {"x86_64", "amd64"}
    return is_x86 and not any(driver.exists() for driver in drivers)


def _load(folder: Path) -> _Loaded:
    from tokenizers import Tokenizer

    export = ensure_export(folder)
    try:
        facts = json.loads((export / FACTS).read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(export / TOKENIZER))
        tokenizer.no_padding()
        tokenizer.enable_truncation(facts["max_seq_length"])
        compiled = _compiled(export)
    except RuntimeError as error:
        raise BylineError(
            f"The embedder's export in {export} cannot be read "
            f"({str(error).strip().splitlines()[0][:200]}): delete that folder, which is made anew"
        ) from error
    return _Loaded(facts["dim"], facts["prompts"], facts["pad"], tokenizer, compiled)


def _compiled(export: Path) -> Any:
    import numpy as np

    from index.openvino_int8 import use_int8

    core = openvino().Core()
    can_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    model = core.read_model(export / MODEL, export / WEIGHTS)
    if can_bf16:  # and so sums of products of int8 in 32 bits, which older ones may cut short
        with np.load(export / RANGES) as ranges:
            use_int8(model, ranges)
    options = {
        "PERFORMANCE_HINT": "THROUGHPUT",  # a stream for each core
        "INFERENCE_PRECISION_HINT": "bf16" if can_bf16 else "f32",
        "ENABLE_CPU_PINNING": False,  # other programs, and torch in this one, want the cores too
    }
    return core.compile_model(model, "CPU", options)


def _stepped(length: int) -> int:
    return -(-length // _STEP) * _STEP
