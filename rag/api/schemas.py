"""What the API takes and gives, and within which bounds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from rag.narrow import Named, Scope

MODEL = "byline"
"""The one model that there is: Byline itself."""


def _day(given: object) -> object:
    if isinstance(given, str):
        return date.fromisoformat(given)
    if given is None or isinstance(given, date):
        return given
    raise ValueError("a day as 2025-06-13 is wanted")


Day = Annotated[date, BeforeValidator(_day)]
Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
Line = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]
Id = Annotated[str, Field(min_length=1, max_length=2000)]


class Given(BaseModel):
    """What a client sends: nothing is taken for what it is not."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Within(Given):
    """What an answer may rest on."""

    outlets: list[Line] = Field([], max_length=50)
    articles: list[Id] = Field([], max_length=200, description="Ids of articles")
    first: Day | None = Field(None, description="The first day of publication")
    last: Day | None = Field(None, description="The last day of publication")
    as_of: Day | None = Field(None, description="Answer from what was known on this day")
    literal: bool = Field(False, description="Read the question as it is written")

    def scope(self) -> Scope:
        """Raises BylineError where the first day comes after the last."""
        articles = tuple(Named(one, one) for one in self.articles)
        outlets = tuple(self.outlets)
        return Scope(outlets, self.first, self.last, self.as_of, self.literal, articles)


class AskedFor(Within):
    """What may be asked of an answer beside what OpenAI's API knows."""

    events: bool = Field(False, description="Tell in a stream what happens before the answer")


class Part(BaseModel):
    """A part of a message; only text can be read."""

    model_config = ConfigDict(strict=True, extra="allow")
    type: Literal["text"]
    text: str = Field(max_length=100_000)


class Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = Field(None, max_length=100_000)

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """As OpenAI's: what is not named here is taken and not looked at, such as `temperature`."""

    model_config = ConfigDict(strict=True, extra="allow")
    model: Line = Field(description="Of /v1/models", json_schema_extra={"enum": [MODEL]})
    messages: list[Message] = Field(min_length=1, max_length=500)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    byline: AskedFor | None = Field(None, description="What OpenAI's API does not know")


class SearchRequest(Within):
    query: Words
    k: int = Field(10, ge=1, le=100, description="How many passages")


class ArticleText(Given):
    """An article to be put into the index."""

    title: Annotated[str, Field(min_length=1, max_length=1000)]
    text: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    url: Line | None = None
    outlet: Line | None = None
    author: Line | None = None
    published_at: Annotated[str, Field(max_length=100)] | None = None
    updated_at: Annotated[str, Field(max_length=100)] | None = None
    correction: Annotated[str, Field(max_length=5000)] | None = None


class NamedArticle(ArticleText):
    id: Id | None = Field(None, description="Without one its address, or one made of its words")


class CheckRequest(Given):
    """Without articles, the answer is checked against those of the index that are nearest to it."""

    answer: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"\S")]
    articles: list[NamedArticle] = Field([], max_length=100, description="Your own")
    article_ids: list[Id] = Field([], max_length=100, description="Of articles of the index")


class AddRequest(Given):
    articles: list[NamedArticle] = Field(min_length=1, max_length=1000)


class FetchRequest(Given):
    url: Line = Field(description="On the web")
    kind: Literal["page", "feed", "sitemap"] = "page"


class RemoveRequest(Given):
    ids: list[Id] = Field(min_length=1, max_length=1000)


class RollbackRequest(Given):
    version: Annotated[str, Field(min_length=1, max_length=100)]


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "byline"


class Models(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


class Citation(BaseModel):
    number: int
    article_id: str
    title: str
    outlet: str | None
    published_at: str | None
    url: str | None
    start: int = Field(description="Where the quote begins in the article's body, in characters")
    end: int
    quote: str


class Sentence(BaseModel):
    text: str
    verdict: Literal["supported", "partly", "unsupported"] | None
    support: float | None
    why: str | None
    citations: list[Citation]


class Passage(BaseModel):
    number: int
    article_id: str
    title: str
    outlet: str | None
    published_at: str | None
    url: str | None
    start: int
    end: int
    text: str
    score: float
    updated_at: str | None
    correction: str | None
    copies: list[dict[str, Any]]


class Answer(BaseModel):
    """As `byline ask --json` prints it."""

    question: str
    understood: str | None
    preferred: str | None
    as_of: str | None
    answer: str
    abstained: bool
    quoted: bool
    confidence: dict[str, Any] | None
    note: str | None
    sentences: list[Sentence]
    disagreements: list[dict[str, Any]]
    passages: list[Passage]
    timings: dict[str, Any]
    model: str
    index_version: str


class UrlCitation(BaseModel):
    start_index: int = Field(description="Where the marker begins in the content, in characters")
    end_index: int = Field(description="Where it ends: the first character behind it")
    title: str
    url: str


class Annotation(BaseModel):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class Reply(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class Choice(BaseModel):
    index: int = 0
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None
    message: Reply


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    byline: Answer


class Passages(BaseModel):
    query: str
    passages: list[Passage]


class Checked(BaseModel):
    sentences: list[Sentence]


class Row(BaseModel):
    id: str
    title: str
    outlet: str | None
    published_at: str | None
    passages: int
    copies: int = Field(description="Other articles that tell the same story")
    owner: str | None = Field(None, description="Who added it, told to them and to admins")


class Rows(BaseModel):
    articles: list[Row]
    start: int
    found: int
    total: int


class State(BaseModel):
    """One state of a story."""

    article_id: str
    kind: str
    title: str
    outlet: str | None
    published_at: str | None
    replaced: bool
    change: str | None


class Article(BaseModel):
    id: str
    title: str
    body: str
    url: str | None
    outlet: str | None
    author: str | None
    published_at: str | None
    language: str | None
    updated_at: str | None
    correction: str | None
    story: list[State]


class Remark(BaseModel):
    what: str
    place: str
    reason: str


class Job(BaseModel):
    """A change of the index."""

    id: int
    what: str
    state: Literal["running", "done", "failed"]
    stage: str = Field(description="Empty before the first")
    done: int
    total: int = Field(description="0 where nobody knows it")
    said: str | None = Field(description="What it came to")
    error: str | None
    remarks: list[Remark]


class Jobs(BaseModel):
    jobs: list[Job]


class Version(BaseModel):
    version: str
    in_use: bool
    bytes: int
    articles: int | None = Field(description="Null where the version is damaged")
    passages: int | None
    created_at: str | None
    note: str | None


class Versions(BaseModel):
    versions: list[Version]


class IndexStatus(BaseModel):
    version: str | None
    articles: int | None
    passages: int | None
    embedder: str | None
    created_at: str | None
    places: list[str] = Field(description="Files and folders that it was made from")
    sources: list[str] = Field(description="Feeds and sitemaps that are noted")
    bytes: int


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    status: Literal["ready"] = "ready"
    model: str
    index_version: str
    articles: int
    problem: str | None
