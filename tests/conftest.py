"""For every test: no way out to a network. For some: tiny models, or real weights."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

import deal
import pytest
from commandline import CHIEF, DEAL, Byline, Done
from desk import Desk
from fakes import HashingEmbedder, ScriptedGenerator
from milvusserver import milvus_server
from newsstand import newsstand
from postgresserver import PostgresServer, postgres_server

from index.build import build
from index.milvus import Milvus
from index.search import Index
from rag import load
from rag.cli import main
from rag.commands import terminal
from rag.database.connect import Database
from rag.limits import Limits
from rag.pipeline import Pipeline
from rag.settings import API_KEY, Settings, load_settings
from rag.upkeep.loads import Loads

# Read when the tests begin: weights are where `make test` has put them, whatever a test sets.
_MODELS_DIR = load_settings().models_dir
CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--no-first-run"
).split()
_SERVERS: list[Any] = []
_LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", ""}


class NetworkBlockedError(OSError):
    """A test tried to leave the machine."""


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[list[str]]:
    """Blocks every address that is not loopback, and lists the attempts.

    The block is an OSError, which a library may take for a bad network and carry on: hence the
    list.
    """
    attempts: list[str] = []

    def check(host: object) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and name not in _LOOPBACK and not str(name).startswith("127."):
            attempts.append(str(name))
            raise NetworkBlockedError(f"tests do not use the network: {name}")

    def guarded(method: str) -> Any:
        original = getattr(socket.socket, method)

        def connect(self: socket.socket, address: Any) -> Any:
            if self.family != getattr(socket, "AF_UNIX", None):
                check(address[0])
            return original(self, address)

        return connect

    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host)
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex"):
            patch.setattr(socket.socket, method, guarded(method))
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield attempts


@pytest.fixture(autouse=True)
def network_attempts(_loopback_only: list[str]) -> Iterator[list[str]]:
    """The addresses that the test tried; it fails if any is left, so one that means to clears."""
    yield _loopback_only
    tried = list(_loopback_only)
    _loopback_only.clear()
    assert not tried, f"the network was tried: {', '.join(tried)}"


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_user() -> Iterator[None]:
    """The environment of whoever runs the tests chooses nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(f"BYLINE_{name.upper()}", raising=False)
        patch.delenv(API_KEY, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _loads_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """How long a fake model takes to load tells the user of these weights nothing."""
    folder = tmp_path_factory.mktemp("loads")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "loads_of", lambda settings: Loads(folder, settings.model))
        yield


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where the weights are that `make test` has fetched."""
    return _MODELS_DIR


def _weights(name: str) -> Path:
    """A model of the catalogue that `make test` has fetched; its error says how, if it has not."""
    from rag.fetching.fetch import ensure

    return ensure(name, _MODELS_DIR, offline=True)


@pytest.fixture(scope="session")
def minilm_folder() -> Path:
    """The real embedder's weights."""
    return _weights("minilm")


@pytest.fixture(scope="session")
def smollm_file() -> Path:
    """A real language model, small enough to load in a second; what it says is of no use."""
    return _weights("smollm2-135m")


@pytest.fixture(scope="session")
def llama_server(smollm_file: Path) -> tuple[str, str]:
    """llama.cpp's own HTTP server with the small model: its address and its key."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(smollm_file)
    params.model_alias = {"smollm"}
    params.n_ctx, params.n_parallel = 2048, 2
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.port, params.verbosity, params.api_keys = 0, -1, ["a-key"]
    server = xllamacpp.Server(params)
    _SERVERS.append(server)  # it runs until the process ends
    return f"{server.listening_address}/v1", "a-key"


@pytest.fixture(scope="session")
def milvus_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Milvus server that all tests share, each with names of its own."""
    with milvus_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server.address


@pytest.fixture
def milvus(milvus_address: str) -> Milvus:
    """An index in it that nobody else has."""
    return Milvus(f"{milvus_address}/of_{secrets.token_hex(4)}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that all tests share, each with databases of its own."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new database goes: a file, and then a PostgreSQL."""
    if request.param == "sqlite":
        return tmp_path / "byline.sqlite"
    url: str = request.getfixturevalue("postgres").new_database()
    return url


@pytest.fixture
def database(place: Path | str) -> Iterator[Database]:
    with closing(Database(place)) as one:
        yield one


@pytest.fixture(scope="session")
def qwen_file() -> Path:
    """The language model that answers by default."""
    return _weights("qwen2.5-coder-1.5b")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of this machine, as Playwright drives it."""
    from playwright.sync_api import expect, sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("Chromium is missing: install it, or run -m 'not browser'")
    expect.set_options(timeout=30_000)  # a busy machine may take long, and no test is about time
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def serve() -> Iterator[Any]:
    """Serves a page over a pipeline (or a way to load one); gives its address."""
    from exchanges import HOSTILE
    from served import QUESTION, serving

    with serving([QUESTION, HOSTILE]) as start:
        yield start


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Opens an address in a browser session of its own, which may ask only this machine."""
    from served import visiting

    with visiting(browser) as start:
        yield start


VOCABULARY = """[PAD] [UNK] [CLS] [SEP] [MASK]
meta scale ai paid the stake of wang founder billion a new chief officer . $ 49 %"""


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A one-layer BERT of width 16 with random weights, saved as sentence-transformers saves it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    bert, folder = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("encoder")
    vocabulary = bert / "vocab.txt"
    vocabulary.write_text("\n".join(VOCABULARY.split()))
    BertTokenizerFast(vocab=str(vocabulary)).save_pretrained(bert)
    BertModel(
        BertConfig(
            vocab_size=len(VOCABULARY.split()),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
        )
    ).save_pretrained(bert)
    transformer = Transformer(str(bert), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu").save(
        str(folder), create_model_card=False
    )
    return folder


CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A one-layer Llama of width 32 with random weights, 256 tokens of context, bytes as tokens."""
    import torch
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("decoder")
    marks = ["<|im_start|>", "<|im_end|>"]
    letters = [*marks, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    bytes_only = Tokenizer(BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytes_only, eos_token=marks[1], additional_special_tokens=marks
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(letters),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=256,
            bos_token_id=None,
            eos_token_id=1,
            initializer_range=1.0,  # so that one token stands out from the others
        )
    ).save_pretrained(folder)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, where a byline.toml of the test's own can lie."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A real server with nothing on it yet, and an index that is filled from it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with newsstand() as site:
        yield Desk(site, tmp_path / "built")


@pytest.fixture
def byline(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Byline]:
    """Runs the command line in this process, in an empty folder with an index of its own."""

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Done(code or 0, *capsys.readouterr())

    with mock.patch.dict(os.environ, BYLINE_INDEX=str(elsewhere / "built")):
        yield run


@pytest.fixture
def articles(elsewhere: Path) -> Path:
    folder = elsewhere / "articles"
    folder.mkdir()
    (folder / "deal.txt").write_text(DEAL)
    (folder / "chief.txt").write_text(CHIEF)
    return folder


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> ScriptedGenerator:
    """A fake embedder and a model that says one true sentence and is sure of everything."""
    generator = ScriptedGenerator("Meta bought a stake ", "of 49% in Scale AI [1].")
    monkeypatch.setattr(load, "load_embedder", lambda *_: HashingEmbedder())
    monkeypatch.setattr(load, "load_generator", lambda *_: generator)
    return generator


@pytest.fixture
def indexed(byline: Byline, articles: Path, fakes: ScriptedGenerator) -> ScriptedGenerator:
    assert byline("index", "build", articles).code == 0
    return fakes


@pytest.fixture
def make(tmp_path: Path) -> Iterator[deal.Make]:
    """A pipeline over the four articles, whose model says what the test scripts."""
    embedder = HashingEmbedder()
    build([deal.DEAL, deal.CHIEF, deal.REACTOR, deal.HOSTILE], embedder, tmp_path)
    with closing(Index.open(tmp_path, embedder)) as index:

        def pipeline(generator: ScriptedGenerator, **limits: Any) -> Pipeline:
            return Pipeline(index, embedder, generator, Limits(**limits))

        yield pipeline
