"""Text to vectors, by a sentence-transformers model from a local folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import BylineError
from index.together import Together

_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}


class SentenceTransformerEmbedder:
    """A sentence encoder whose weights load on first use, from safetensors, without the network.

    Reimers and Gurevych, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks", EMNLP
    2019. Text beyond the model's `max_seq_length` tokens is not read. Calls from several threads
    wait for each other.
    """

    def __init__(
        self,
        folder: Path | str,
        name: str,
        weights_hash: str,
        device: str | None = None,
        batch_size: int = 32,
    ) -> None:
        """`device` is torch's name for it; None takes the GPU if there is one."""
        self.name = name
        self.weights_hash = weights_hash
        self._folder = Path(folder)
        self._device = device
        self._batch_size = batch_size
        self._model: Any = None
        self._lock = threading.RLock()
        self._questions: Together[str, np.ndarray] = Together(self._embed_questions)

    @property
    def dim(self) -> int:
        """The vectors' width; asking for it loads the model."""
        return int(self._loaded().get_embedding_dimension())

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """Unit-length float32 vectors of shape (len(texts), dim), in the order of `texts`.

        Texts of like length share a batch, the longest first, so that nothing is spent on padding
        and a time left is never too short. Raises BylineError when the folder holds no model.
        """
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), self._batch_size):
            batch = order[start : start + self._batch_size]
            with self._lock:
                vectors[batch] = self._loaded().encode_document(
                    [texts[i] for i in batch],
                    batch_size=self._batch_size,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
            if on_progress:
                on_progress(start + len(batch), len(texts))
        return vectors

    def embed_question(self, text: str) -> np.ndarray:
        """A unit-length float32 vector of shape (dim,). Those that other threads ask for while one
        is at work are computed together, which changes the last bits."""
        return self._questions.one(text)

    def _embed_questions(self, texts: list[str]) -> np.ndarray:
        with self._lock:
            vectors = self._loaded().encode_query(
                texts,
                batch_size=self._batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)

    def _loaded(self) -> Any:
        with self._lock:
            if self._model is None:
                self._model = load_sentence_transformer(self._folder, self._device)
            return self._model


def load_sentence_transformer(folder: Path, device: str | None) -> Any:
    """The model in `folder`, in float32, from safetensors and without the network.

    Raises BylineError when the folder holds no such weights, or damaged ones.
    """
    _refuse_pickles(folder)
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    shows_bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise BylineError(
            f"The embedder's weights in {folder} cannot be read "
            f"({str(error).splitlines()[0][:200]}): fetch them again with: byline fetch"
        ) from error
    finally:
        if shows_bars:
            logging.enable_progress_bar()


def _refuse_pickles(folder: Path) -> None:
    """A pickle runs code when it is read: weights without safetensors beside them are refused."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    safe = {path.parent for path in files if path.suffix == ".safetensors"}
    for path in sorted(files):
        if path.suffix in _PICKLES and path.parent not in safe:
            raise BylineError(
                f"{path} is a pickle, which can run code when it is read: "
                "use weights in the safetensors format, as `byline fetch` does"
            )
    if not safe:
        raise BylineError(
            f"There are no safetensors weights in {folder}: fetch them with: byline fetch"
        )
