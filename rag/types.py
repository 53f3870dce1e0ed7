"""The words of an answer, and the events on the way to it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, runtime_checkable

from index.types import Hit, Passage, Preference
from index.versions import Manifest

Verdict = Literal["supported", "partly", "unsupported"]
Difference = Literal["different", "compatible", "corrected", "changed"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat, as a generator takes it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """The sentence of an article that carries a claim.

    `number` is the passage's place in `Answer.hits`, counted from 1; `quote_start` and `quote_end`
    are offsets into `passage.article.body`, within the passage.
    """

    number: int
    passage: Passage
    quote_start: int
    quote_end: int

    @property
    def quote(self) -> str:
        return self.passage.article.body[self.quote_start : self.quote_end]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without its citation markers.

    `verdict` is None where no check ran; `support` is the share, 0 to 1, of what the sentence says
    that its cited passages say too or, with a support model, how likely they say it; `why` names in
    one plain phrase what failed, None where nothing did.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    verdict: Verdict | None = None
    support: float | None = None
    why: str | None = None

    @property
    def marked(self) -> str:
        """The text with its markers before the closing full stop: `It paid $5. [1][2]`."""
        markers = "".join(f"[{c.number}]" for c in self.citations)
        return f"{self.text} {markers}" if markers else self.text


@dataclass(frozen=True, slots=True)
class Claim:
    """One value as one article states it. `note` says why it no longer stands, where it does not:
    its outlet corrected or withdrew it."""

    value: str
    citation: Citation
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What two or more articles state differently about one thing, newest first.

    `kind` is "different" where values exclude each other, "compatible" where some are only less
    exact than others, "corrected" where all that still stand are the same, and "changed" where each
    was right in its time.
    """

    about: str
    claims: tuple[Claim, ...]
    kind: Difference = "different"


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the question came, and tokens spent. None: it did not happen. `cached`
    where the answer was kept from when it was asked before."""

    retrieve_ms: float
    total_ms: float
    first_token_ms: float | None = None
    prompt_tokens: int | None = None
    new_tokens: int | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is known of one answer. `hits` are the passages exactly as the model was given them,
    and after them sentences of other articles, which say the same or differ.

    When `abstained`, `sentences` holds the refusal and, where it is known, a sentence on what the
    articles leave unsaid, and `hits` the closest passages. `raw` is the model's own text,
    unchanged. `understood` is the question that was answered where it is not as it was asked:
    rewritten so that it stands alone, its spelling put right, or taken apart; `preferred` are the
    dates and outlets that it names, whose articles were looked at first, in words. With `as_of` it
    rests on what was known on that day; `note` is what a reader should know of its age, in one or
    two sentences. `confidence` is how likely the answer is right, 0 to 1; None for a refusal, and
    where the model was not taught to judge. `quoted`: it is an article's own sentence.
    """

    question: str
    sentences: tuple[Sentence, ...]
    hits: tuple[Hit, ...]
    abstained: bool
    raw: str
    timings: Timings
    model: str
    index_version: str
    disagreements: tuple[Disagreement, ...] = ()
    understood: str | None = None
    as_of: date | None = None
    note: str | None = None
    confidence: float | None = None
    quoted: bool = False
    preferred: str | None = None

    @property
    def text(self) -> str:
        return " ".join(sentence.marked for sentence in self.sentences)

    @property
    def own_sentences(self) -> tuple[Sentence, ...]:
        """Without the one at the end that says what the sources state differently."""
        return self.sentences[:-1] if self.disagreements else self.sentences

    @property
    def said(self) -> str:
        """Its own sentences without markers, whose numbers mean nothing in a later question."""
        return " ".join(sentence.text for sentence in self.own_sentences)


@dataclass(frozen=True, slots=True)
class Found:
    """The passages found. Comes again with those that a draft is written from, in their order, and
    once more where the draft is thrown away: with those of what takes its place. With `goes_on` it
    is of a later part of the question, and what was written before stays."""

    hits: tuple[Hit, ...]
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more characters of the draft. Citation markers are whole and within bounds."""

    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence of the draft was checked; `sentence` is None when it was dropped."""

    position: int
    sentence: Sentence | None


@dataclass(frozen=True, slots=True)
class Done:
    """The answer as it stands. Always the last event."""

    answer: Answer


Event = Found | Piece | Checked | Done


@dataclass(slots=True)
class Usage:
    """Tokens of the last call of a generator."""

    prompt_tokens: int | None = None
    new_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a language model makes of a chat without continuing it.

    `probability`, 0 to 1, that its reply would begin with the word asked about; `likelihood`, the
    mean log-probability of a token (0 is certain) of the text that was asked about, None where none
    was or where the engine does not tell.
    """

    probability: float
    likelihood: float | None = None


class Searches(Protocol):
    """What finds passages."""

    @property
    def literal(self) -> bool:
        """Whether a question is to be read as it is written."""
        ...

    def outlets(self) -> Sequence[str]:
        """Those that its articles are of."""
        ...

    def search(
        self,
        question: str,
        k: int,
        *,
        as_of: date | None = None,
        prefer: Preference | None = None,
    ) -> list[Hit]:
        """The `k` best passages, as Index.search."""
        ...


class Searched(Searches, Protocol):
    """What an answer is made from: one version of an index, or a part of its articles."""

    @property
    def manifest(self) -> Manifest: ...
    @property
    def scope(self) -> Hashable:
        """Which part it is; None for the whole."""
        ...

    def corrected(self, question: str) -> str:
        """The question with its spelling put right."""
        ...


class Generator(Protocol):
    """A local model that continues a chat, piece by piece."""

    @property
    def name(self) -> str: ...
    @property
    def engine(self) -> str:
        """What computes it, such as `llama.cpp`."""
        ...

    @property
    def usage(self) -> Usage: ...
    @property
    def taught(self) -> bool:
        """Whether it was taught to judge passages (rag/engines/adapter.py)."""
        ...

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        """Pieces of the reply as they come. Closing the iterator stops the model."""
        ...

    def read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None = None
    ) -> list[Reading]:
        """What it makes of each chat. Together they take less time than one after the other.

        `word`, in capitals or not, is what a reply may begin with; `told` is a text that stands in
        each chat, and is read where it stands last.
        """
        ...

    def states_answer(
        self, question: str, passages: Sequence[tuple[str, str]]
    ) -> list[float] | None:
        """How likely, 0 to 1, each passage, a heading and a text, states the answer to a question;
        None where the model was not taught to tell."""
        ...


@runtime_checkable
class Elsewhere(Protocol):
    """What runs outside this process."""

    def check(self) -> None:
        """Raises Away where it does not answer."""
        ...


class SupportModel(Protocol):
    """Tells how far texts support claims."""

    @property
    def name(self) -> str: ...
    @property
    def least(self) -> float:
        """How likely a claim must be, as it tells, to be taken for supported."""
        ...

    def supports(self, claim: str, texts: Sequence[str]) -> list[float]:
        """For each text, of a few sentences, how likely, 0 to 1, it supports the claim."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, earlier in the same chat."""

    question: str
    answer: str


History = Sequence[Turn]
