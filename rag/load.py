"""The one place that names concrete classes: from settings to a pipeline that is ready."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.article import Article
from corpus.errors import BylineError
from index.publishing import Upkeep
from index.types import Embedder, Progress
from index.versions import Keep, Manifest
from rag.fetching.catalogue import load_catalogue
from rag.fetching.fetch import ensure
from rag.settings import API_KEY, Settings, load_settings

if TYPE_CHECKING:
    from index.milvus import Milvus
    from rag.answer_cache import AnswerCache
    from rag.database.connect import Database
    from rag.pipeline import Pipeline
    from rag.types import Generator, SupportModel

log = logging.getLogger(__name__)

_LEAST_MEMORY = 12 * 10**9
"""Bytes that a machine must have for unpacked weights: those of the default model take 5 GB."""

Fetch = Callable[[str, Path], Path]
"""Brings a model of the catalogue by its name to a folder, and returns where it lies."""


def load_pipeline(
    settings: Settings, fetch: Fetch = ensure, answers: AnswerCache | None = None
) -> Pipeline:
    """Everything that answers a question, loaded: takes seconds; with `answers`, what was asked
    before is answered from there. Raises BylineError."""
    from index.live import LiveIndex
    from rag.evidence import Budget
    from rag.limits import Limits
    from rag.pipeline import Pipeline
    from rag.support.trained import TrainedSupport

    embedder = load_embedder(settings, fetch)
    index = LiveIndex(settings.index, embedder, milvus_of(settings))
    try:
        generator = load_generator(settings, fetch)
    except BaseException:
        index.close()
        raise
    return Pipeline(
        index,
        embedder,
        generator,
        Limits(
            retrieved=settings.retrieved,
            question_characters=settings.question_characters,
            sure=settings.sure,
            least_confidence=settings.least_confidence,
            budget=Budget(characters=settings.evidence_characters),
        ),
        answers,
        TrainedSupport(embedder) if settings.support == "trained" else None,
    )


def warm_up(pipeline: Pipeline) -> None:
    """Find and begin to write once, so that the first answer takes no longer than those after it:
    the embedder reads its weights on first use, and the model what all prompts begin with."""
    from rag.prompt import build_messages

    question = "What happened?"
    try:
        found = pipeline.find(question)
        pieces = pipeline.generator.generate(build_messages(question, found[:1]))
        next(pieces, None)
        if close := getattr(pieces, "close", None):
            close()  # stops the model
    except Exception as error:  # who asks a question is told
        log.info("Nothing could be made ready for the first question: %s", error)


def load_embedder(settings: Settings, fetch: Fetch = ensure) -> Embedder:
    """The embedder, which reads its weights on first use.

    Computed by OpenVINO on the processors that it is for, and else by torch (docs/LOG.md).
    """
    catalogue = load_catalogue()
    embedders = [model.name for model in catalogue.values() if model.role == "embeddings"]
    if settings.embedder not in embedders:
        raise BylineError(
            f"There is no embedder {settings.embedder} in the catalogue: choose "
            f"{' or '.join(embedders)}."
        )
    folder = fetch(settings.embedder, settings.models_dir)
    weights_hash = catalogue[settings.embedder].weights_hash
    from index.openvino_embedder import OpenVinoEmbedder, suits_openvino

    if suits_openvino():
        return OpenVinoEmbedder(folder, settings.embedder, weights_hash)
    from index.embedder import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(folder, settings.embedder, weights_hash)


def embedder_named(name: str) -> Embedder:
    """The embedder of this name, from this machine's own folder of models: what is told to another
    machine holds no path of this one, and no password."""
    return load_embedder(load_settings(embedder=name))


def load_generator(settings: Settings, fetch: Fetch = ensure) -> Generator:
    """The language model: of the catalogue, a GGUF file, a folder, a hub id, or of a server."""
    if is_elsewhere(settings):
        return _of_server(settings)
    catalogue = load_catalogue()
    if settings.model in catalogue:
        if catalogue[settings.model].role != "answers":
            names = [model.name for model in catalogue.values() if model.role == "answers"]
            raise BylineError(f"{settings.model} writes no answers: choose {' or '.join(names)}.")
        path = fetch(settings.model, settings.models_dir)
    else:
        path = Path(settings.model)
    is_gguf = path.suffix == ".gguf"
    if engine_for(settings, path) == "llama.cpp":
        if not is_gguf:
            raise BylineError(
                f"llama.cpp reads GGUF files and {settings.model} is none: choose another model, "
                "or --engine transformers."
            )
        from rag.engines.llamacpp import LlamaCppGenerator

        return LlamaCppGenerator(
            path,
            settings.model,
            context_tokens=settings.context_tokens,
            max_new_tokens=settings.max_new_tokens,
            threads=settings.threads,
        )
    from rag.engines.adapter import adapter_for
    from rag.engines.transformers_engine import TransformersGenerator
    from rag.engines.unpacked import can_unpack, unpack

    if is_gguf and can_unpack(path):
        path = unpack(path)
    return TransformersGenerator(
        path if path.exists() else settings.model,
        settings.model,
        max_new_tokens=settings.max_new_tokens,
        offline=path.exists(),
        adapter=adapter_for(settings.model),
    )


def is_elsewhere(settings: Settings) -> bool:
    """Whether a server answers, and no weights are needed here."""
    return settings.engine == "openai" or (
        settings.engine == "auto" and settings.base_url is not None
    )


def _of_server(settings: Settings) -> Generator:
    from rag.engines.openai_client import OpenAIClient, Patience
    from rag.engines.openai_compatible import OpenAIGenerator

    if settings.base_url is None:
        raise BylineError(
            "The engine openai needs the address of a server: give --base-url, such as "
            "http://127.0.0.1:8080/v1."
        )
    patience = Patience(silent_s=settings.server_wait)
    client = OpenAIClient(settings.base_url, os.environ.get(API_KEY), patience)
    # The default is the name of weights that are here.
    chosen = settings.model if "model" in settings.model_fields_set else None
    return OpenAIGenerator(client, chosen, max_new_tokens=settings.max_new_tokens)


def load_support(
    settings: Settings, fetch: Fetch = ensure, generator: Generator | None = None
) -> SupportModel | None:
    """What tells how far texts support a claim; None where the rules alone do.

    It is the model that this project trained, the language model as a judge (`judge`), or a
    cross-encoder of others, by its folder or hub id. Weights load on first use, but the judge's,
    which is the `generator` where one is loaded already.
    """
    if settings.support == "rules":
        return None
    if settings.support == "trained":
        from rag.support.trained import TrainedSupport

        return TrainedSupport(load_embedder(settings, fetch))
    from rag.support.others import CrossEncoderSupport, JudgeSupport

    if settings.support == "judge":
        return JudgeSupport(generator or load_generator(settings, fetch))
    return CrossEncoderSupport(settings.support)


def engine_for(settings: Settings, path: Path) -> str:
    """The engine that the settings name or, where they leave it, the faster one for these weights.

    That is transformers on a GPU, and on a CPU that computes in bfloat16 (docs/LOG.md). Elsewhere
    GGUF files go to llama.cpp.
    """
    if settings.engine != "auto":
        return settings.engine
    if path.suffix != ".gguf" or _suits_transformers(path):
        return "transformers"
    return "llama.cpp"


def _suits_transformers(file: Path) -> bool:
    """Whether transformers answers sooner here from the GGUF `file` than llama.cpp does.

    It does where bfloat16 is computed and not merely emulated, given memory and disk for the
    unpacked weights.
    """
    import psutil
    import torch

    from rag.engines.unpacked import can_unpack

    computes = torch.cuda.is_available() or torch.cpu.get_capabilities().get("avx512_bf16", False)
    roomy = psutil.virtual_memory().total >= _LEAST_MEMORY
    return computes and roomy and can_unpack(file)


def build_index(
    settings: Settings,
    articles: Sequence[Article],
    sources: Sequence[Path],
    embedder: Embedder,
    on_progress: Progress | None = None,
    origins: Mapping[str, Path] | None = None,
) -> Manifest:
    """A new version of the index that holds just these articles."""
    from index.build import build

    return build(
        articles,
        embedder,
        settings.index,
        on_progress=on_progress,
        sources=[full(source) for source in sources],
        origins={id_: full(path) for id_, path in (origins or {}).items()},
        upkeep=upkeep(settings),
    )


def upkeep(settings: Settings) -> Upkeep:
    """How the index is written: as index.publishing.Upkeep."""
    keep = Keep(settings.keep_versions, settings.keep_days)
    return Upkeep(
        keep,
        settings.lock_wait,
        settings.exact_passages,
        settings.fts_passages,
        milvus_of(settings),
    )


def milvus_of(settings: Settings) -> Milvus | None:
    """The Milvus that the settings name."""
    if settings.store is None:
        return None
    from index.milvus import Milvus

    return Milvus(settings.store)


def open_database(settings: Settings, file: Path) -> Database:
    """The database that the settings name, or else the SQLite file. Raises BylineError."""
    from rag.database.connect import Database

    return Database(file if settings.database is None else settings.database.get_secret_value())


def full(path: Path) -> str:
    """A path as the index notes it: from the root, links as they are."""
    return os.path.abspath(path)
