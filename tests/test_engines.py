"""A contract for every Generator, and what only the real engines can get wrong."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from chatserver import KEY, chatserver, speaks
from fakes import ScriptedGenerator

from corpus.errors import BylineError
from rag.engines.transformers_engine import continuation
from rag.types import Generator, Message

RULES = Message("system", "Answer in one sentence.")
FIRST = [RULES, Message("user", "Who leads Scale AI?")]
SAID = [*FIRST, Message("assistant", "Jason Droege."), Message("user", "Is that so?")]
SECOND = [RULES, Message("user", "Who left it, and when?")]


def tiny(folder: Path, max_new_tokens: int = 8) -> Generator:
    from rag.engines.transformers_engine import TransformersGenerator

    return TransformersGenerator(folder, "tiny", max_new_tokens=max_new_tokens)


def llama_cpp(file: Path) -> Generator:
    from rag.engines.llamacpp import LlamaCppGenerator

    return LlamaCppGenerator(file, "smollm", context_tokens=1024, max_new_tokens=12, threads=2)


@pytest.fixture(scope="session")
def small_llama_cpp(smollm_file: Path) -> Generator:
    return llama_cpp(smollm_file)


def of_server(url: str, key: str) -> Generator:
    from rag.engines.openai_client import OpenAIClient
    from rag.engines.openai_compatible import OpenAIGenerator

    return OpenAIGenerator(OpenAIClient(url, key), max_new_tokens=12)


@pytest.fixture
def scripted_server() -> Iterator[Generator]:
    pieces = ("Jason ", "Droege ", "leads ", "it.")
    with chatserver(speaks(*pieces, probabilities={"yes": 0.5, "the": 0.25})) as site:
        yield of_server(site.url, KEY)


@pytest.fixture(
    params=[
        "scripted",
        "transformers",
        "server",
        pytest.param("llama.cpp", marks=pytest.mark.model),
        pytest.param("llama.cpp's server", marks=pytest.mark.model),
    ]
)
def generator(request: pytest.FixtureRequest) -> Generator:
    if request.param == "server":
        scripted: Generator = request.getfixturevalue("scripted_server")
        return scripted
    if request.param == "llama.cpp's server":
        return of_server(*request.getfixturevalue("llama_server"))
    if request.param == "scripted":
        return ScriptedGenerator("Jason ", "Droege ", "leads ", "it.", probability=0.5)
    if request.param == "transformers":
        return tiny(request.getfixturevalue("tiny_decoder"))
    engine: Generator = request.getfixturevalue("small_llama_cpp")
    return engine


def said(generator: Generator, messages: list[Message]) -> str:
    return "".join(generator.generate(messages))


class TestEveryGenerator:
    def test_has_a_name(self, generator: Generator) -> None:
        assert generator.name

    def test_replies_in_pieces(self, generator: Generator) -> None:
        pieces = list(generator.generate(FIRST))
        assert len(pieces) > 1
        assert all(pieces)

    def test_says_the_same_again(self, generator: Generator) -> None:
        assert said(generator, FIRST) == said(generator, FIRST)

    def test_counts_the_tokens(self, generator: Generator) -> None:
        said(generator, FIRST)
        assert generator.usage.prompt_tokens
        assert generator.usage.new_tokens

    def test_counts_a_prompt_whole_though_its_beginning_was_kept(
        self, generator: Generator
    ) -> None:
        said(generator, FIRST)
        before = generator.usage.prompt_tokens
        said(generator, FIRST)
        assert generator.usage.prompt_tokens == before

    def test_can_be_stopped_after_one_piece(self, generator: Generator) -> None:
        reply = generator.generate(FIRST)
        next(reply)
        close(reply)
        with pytest.raises(StopIteration):
            next(reply)

    def test_answers_after_it_was_stopped(self, generator: Generator) -> None:
        whole = said(generator, FIRST)
        reply = generator.generate(SECOND)
        next(reply)
        close(reply)
        assert said(generator, FIRST) == whole

    def test_an_unused_reply_holds_nothing_up(self, generator: Generator) -> None:
        close(generator.generate(SECOND))
        assert said(generator, FIRST)

    def test_a_probability_is_between_0_and_1(self, generator: Generator) -> None:
        assert 0 <= generator.read([FIRST], "the")[0].probability <= 1

    def test_a_reading_for_each_chat(self, generator: Generator) -> None:
        assert len(generator.read([FIRST, SECOND, FIRST], "yes")) == 3

    def test_nothing_to_read(self, generator: Generator) -> None:
        assert generator.read([], "yes") == []

    def test_read_together_as_alone(self, generator: Generator) -> None:
        chats = [FIRST, SAID, SECOND]
        readings = generator.read(chats, "yes", told="Answer in one")
        for chat, together in zip(chats, readings, strict=True):
            (alone,) = generator.read([chat], "yes", told="Answer in one")
            assert together.probability == pytest.approx(alone.probability, abs=0.02)
            assert together.likelihood == pytest.approx(alone.likelihood, abs=0.05)

    def test_asking_for_a_probability_changes_no_reply(self, generator: Generator) -> None:
        whole = said(generator, SECOND)
        generator.read([FIRST], "yes")
        assert said(generator, SECOND) == whole

    def test_probability_in_any_capitals(self, generator: Generator) -> None:
        likely = [generator.read([FIRST], word)[0].probability for word in ("YES", "yes")]
        assert likely[0] == pytest.approx(likely[1], abs=1e-6)

    def test_one_at_a_time_but_never_stuck(self, generator: Generator) -> None:
        """Two replies from two threads both come to an end, each as it is when alone."""
        from concurrent.futures import ThreadPoolExecutor

        alone = [said(generator, messages) for messages in (FIRST, SECOND)]
        with ThreadPoolExecutor(2) as pool:
            together = list(pool.map(lambda messages: said(generator, messages), (FIRST, SECOND)))
        assert together == alone


def close(reply: Iterator[str]) -> None:
    reply.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("tokens", "most", "follows"),
    [
        ([1, 2, 3, 4, 5, 1, 2, 3], 3, [4, 5, 1]),
        ([1, 2, 3, 4, 5, 1, 2, 3], 1, [4]),
        ([7, 2, 3, 4, 5, 1, 2, 3], 2, [4, 5]),  # the last two only
        ([1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3], 1, [5]),  # the latest time
        ([9, 3, 4, 5, 1, 2, 3], 3, []),  # one is too little
        ([1, 2, 3, 4, 5, 1, 2, 3], 0, []),
        ([1], 3, []),
    ],
)
def test_what_followed_before(tokens: list[int], most: int, follows: list[int]) -> None:
    assert continuation(tokens, most) == follows


class TestTransformers:
    def test_a_kept_beginning_changes_no_word(self, tiny_decoder: Path) -> None:
        used = tiny(tiny_decoder)
        said(used, FIRST)
        assert said(used, SECOND) == said(tiny(tiny_decoder), SECOND)

    def test_a_kept_beginning_changes_no_probability(self, tiny_decoder: Path) -> None:
        used, fresh = tiny(tiny_decoder), tiny(tiny_decoder)
        said(used, FIRST)
        letters = "abcdefghijklmnopqrstuvwxyz"
        after = [used.read([SECOND], letter)[0].probability for letter in letters]
        assert after == pytest.approx(
            [fresh.read([SECOND], letter)[0].probability for letter in letters], abs=0.02
        )

    def test_what_the_model_says_itself_is_likelier(self, tiny_decoder: Path) -> None:
        used = tiny(tiny_decoder)
        own = said(used, FIRST).strip()
        mine, other = (
            used.read([[*FIRST, Message("assistant", text)]], "yes", told=text)[0].likelihood
            for text in (own, "Jason Droege.")
        )
        assert mine is not None
        assert other is not None
        assert mine > other

    def test_a_text_is_read_where_it_stands_last(self, tiny_decoder: Path) -> None:
        used = tiny(tiny_decoder)
        alone = [RULES, Message("user", "Once. Who?")]
        twice = [RULES, Message("user", "Once. Who? Who?")]
        first, last = (r.likelihood for r in used.read([alone, twice], "yes", told="Who?"))
        assert first != pytest.approx(last, abs=1e-3)

    def test_where_no_text_is_told_there_is_no_likelihood(self, tiny_decoder: Path) -> None:
        assert tiny(tiny_decoder).read([FIRST], "yes")[0].likelihood is None

    def test_the_likelihood_of_one_token(self, tiny_decoder: Path) -> None:
        """A reply of one letter is as likely as the reply to the chat before it begins with it."""
        used = tiny(tiny_decoder)
        letters = "abcdefghijklmnopqrstuvwxyz"
        chats = [[*FIRST, Message("assistant", letter)] for letter in letters]
        likely = {
            a: used.read([c], "yes", told=a)[0].likelihood
            for a, c in zip(letters, chats, strict=True)
        }
        begun = {a: used.read([FIRST], a)[0].probability for a in letters}
        known = [a for a in letters if begun[a] > 0]
        assert known
        for letter in known:
            told = likely[letter]
            assert told is not None
            assert math.exp(told) <= begun[letter] + 0.02

    def test_a_longer_chat_reuses_the_shorter(self, tiny_decoder: Path) -> None:
        used = tiny(tiny_decoder)
        said(used, FIRST)
        longer = [*FIRST, Message("assistant", "He."), Message("user", "Who?")]
        assert said(used, longer) == said(tiny(tiny_decoder), longer)

    def test_beginnings_of_several_kinds_are_read_once(
        self, tiny_decoder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As where a short reply is asked for between two answers."""
        used = tiny(tiny_decoder)
        read: list[int] = []
        forward = used._model.forward

        def counted(**inputs: Any) -> Any:
            read.append(inputs["input_ids"].shape[1])
            return forward(**inputs)

        monkeypatch.setattr(used._model, "forward", counted)
        other = [Message("system", "Reply with the word."), Message("user", "Who is it?")]
        alone = [said(tiny(tiny_decoder), chat) for chat in (FIRST, other, SECOND)]
        first = []
        for chat in (FIRST, other, SECOND):
            read.clear()
            first.append((said(used, chat), read[0]))
        assert [text for text, _ in first] == alone
        assert [
            tokens == len(used._prompt(chat))
            for chat, (_, tokens) in zip((FIRST, other, SECOND), first, strict=True)
        ] == [True, True, False]

    def test_no_more_tokens_than_allowed(self, tiny_decoder: Path) -> None:
        generator = tiny(tiny_decoder, max_new_tokens=3)
        said(generator, FIRST)
        assert generator.usage.new_tokens is not None
        assert generator.usage.new_tokens <= 3

    def test_a_prompt_beyond_the_context_is_one_sentence(self, tiny_decoder: Path) -> None:
        with pytest.raises(BylineError, match="256"):
            said(tiny(tiny_decoder), [Message("user", "word " * 100)])

    def test_it_answers_after_a_prompt_that_was_too_long(self, tiny_decoder: Path) -> None:
        generator = tiny(tiny_decoder)
        with pytest.raises(BylineError):
            said(generator, [Message("user", "word " * 100)])
        assert said(generator, FIRST)

    def test_a_guess_changes_no_word(
        self, tiny_decoder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        guessed = said(tiny(tiny_decoder), FIRST)
        monkeypatch.setattr("rag.engines.transformers_engine.continuation", lambda tokens, most: [])
        assert said(tiny(tiny_decoder), FIRST) == guessed

    def test_a_right_guess_saves_a_step(
        self, tiny_decoder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plain = tiny(tiny_decoder, max_new_tokens=8)
        monkeypatch.setattr("rag.engines.transformers_engine.continuation", lambda tokens, most: [])
        read = []
        keep = plain._prompts.keep
        monkeypatch.setattr(
            plain._prompts, "keep", lambda tokens, cache: read.append(tokens) or keep(tokens, cache)
        )
        text = said(plain, FIRST)
        prompt = plain._prompt(FIRST)
        reply = [*read[-1][len(prompt) :], *[0] * 8]

        def knows(tokens: list[int], most: int) -> list[int]:
            return reply[len(tokens) - len(prompt) :][: max(most, 0)]

        monkeypatch.setattr("rag.engines.transformers_engine.continuation", knows)
        steps = []
        knowing = tiny(tiny_decoder, max_new_tokens=8)
        logits = knowing._logits
        monkeypatch.setattr(
            knowing, "_logits", lambda tokens, n: steps.append(n) or logits(tokens, n)
        )
        assert said(knowing, FIRST) == text
        assert len(steps) < 8

    def test_special_tokens_are_not_shown(self, tiny_decoder: Path) -> None:
        assert "<|im" not in said(tiny(tiny_decoder, max_new_tokens=40), FIRST)

    @pytest.mark.parametrize("name", ["missing", "missing.gguf"])
    def test_a_missing_model_is_named(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(BylineError, match=name):
            tiny(tmp_path / name)

    def test_not_a_gguf(self, tmp_path: Path) -> None:
        file = tmp_path / "fake.gguf"
        file.write_bytes(b"GGUF, says the name only")
        with pytest.raises(BylineError, match=r"fake\.gguf"):
            tiny(file)

    def test_weights_of_a_pickle_are_refused(self, tiny_decoder: Path, tmp_path: Path) -> None:
        folder = tmp_path / "pickled"
        shutil.copytree(tiny_decoder, folder)
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        with pytest.raises(BylineError, match="safetensors"):
            tiny(folder)

    def test_damaged_weights(self, tiny_decoder: Path, tmp_path: Path) -> None:
        folder = tmp_path / "cut"
        shutil.copytree(tiny_decoder, folder)
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:1000])
        with pytest.raises(BylineError, match="cut"):
            tiny(folder)

    def test_a_model_that_cannot_chat(self, tiny_decoder: Path, tmp_path: Path) -> None:
        folder = tmp_path / "mute"
        shutil.copytree(tiny_decoder, folder)
        (folder / "chat_template.jinja").unlink()
        with pytest.raises(BylineError, match="chat template"):
            tiny(folder)

    def test_a_model_of_the_hub_needs_no_network_the_second_time(
        self, tiny_decoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its files lie in the hub's cache, as the hub's own client has put them there."""
        from huggingface_hub import constants

        from rag.engines.transformers_engine import TransformersGenerator

        revision = "0" * 40
        repository = tmp_path / "models--somebody--tiny"
        shutil.copytree(tiny_decoder, repository / "snapshots" / revision)
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(revision)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
        generator = TransformersGenerator("somebody/tiny", "tiny", max_new_tokens=4, offline=False)
        assert said(generator, FIRST)


class TestLlamaCpp:
    def test_a_missing_file_names_the_command(self, tmp_path: Path) -> None:
        with pytest.raises(BylineError, match=r"missing\.gguf.*byline fetch"):
            llama_cpp(tmp_path / "missing.gguf")

    def test_not_a_gguf(self, tmp_path: Path) -> None:
        file = tmp_path / "fake.gguf"
        file.write_bytes(b"GGUF, says the name only")
        with pytest.raises(BylineError, match=r"fake\.gguf"):
            llama_cpp(file)

    @pytest.mark.model
    def test_a_cut_file(self, smollm_file: Path, tmp_path: Path) -> None:
        file = tmp_path / "cut.gguf"
        with smollm_file.open("rb") as whole:
            file.write_bytes(whole.read(3_000_000))
        with pytest.raises(BylineError, match=r"cut\.gguf"):
            llama_cpp(file)

    @pytest.mark.model
    def test_a_kept_beginning_changes_no_word(
        self, small_llama_cpp: Generator, smollm_file: Path
    ) -> None:
        said(small_llama_cpp, FIRST)
        assert said(small_llama_cpp, SECOND) == said(llama_cpp(smollm_file), SECOND)

    @pytest.mark.model
    def test_a_prompt_beyond_the_context_is_one_sentence(self, small_llama_cpp: Generator) -> None:
        with pytest.raises(BylineError, match="context"):
            said(small_llama_cpp, [Message("user", "word " * 3000)])
        assert said(small_llama_cpp, FIRST)

    @pytest.mark.model
    def test_a_stopped_reply_keeps_no_count_of_the_one_before(
        self, small_llama_cpp: Generator
    ) -> None:
        said(small_llama_cpp, FIRST)
        with closing(small_llama_cpp.generate(SECOND)) as reply:  # type: ignore[type-var]
            next(reply)
        assert small_llama_cpp.usage.new_tokens is None

    @pytest.mark.model
    def test_its_port_on_this_machine_is_locked(self, small_llama_cpp: Generator) -> None:
        """The library serves HTTP on loopback, unasked: no other program may use the model."""
        address = small_llama_cpp._server.listening_address  # type: ignore[attr-defined]
        assert address.startswith("http://127.0.0.1:")
        body = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}
        reply = httpx.post(f"{address}/v1/chat/completions", json=body, trust_env=False)
        assert reply.status_code == 401


@pytest.mark.model
def test_transformers_reads_gguf_too(smollm_file: Path) -> None:
    from rag.engines.transformers_engine import TransformersGenerator

    generator = TransformersGenerator(smollm_file, "smollm", max_new_tokens=4)
    assert said(generator, FIRST).strip()
