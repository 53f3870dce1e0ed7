"""What each article replies to a question, read by the language model from its best passage alone.

The rules of rag/facts/claims.py know figures, dates, people, yes and no by the question's wording.
Here the model is asked for a short reply from one passage at a time, so that one article's value is
not mixed with another's (Wang et al., "Retrieval-Augmented Generation with Conflicting Evidence",
2025); what it says counts only where it stands in that passage, word for word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.article import Article
from index.sentences import sentence_spans
from index.types import Hit, Passage
from rag.evidence import Candidate, paragraph_of
from rag.facts.change import came_to_be
from rag.facts.claims import Stated, is_echo
from rag.facts.people import tells_change
from rag.facts.values import Value, dates, figures, relate
from rag.judging.judge import best_first, judge
from rag.prompt import heading
from rag.question.asked import is_yes_or_no
from rag.reading.measures import counted
from rag.reading.untrusted import as_data
from rag.reading.when import when
from rag.reading.words import STOP_WORDS, content_words, stem, words
from rag.types import Generator, Message
from rag.verify import alias

LEAST_STATING = 0.6
"""Of a passage, the probability that it states the answer, from which it is read: below, what is
read is mostly of another thing (docs/LOG.md)."""
MOST_READ = 3
"""Other articles that are read for one answer."""
LEAST_NEAR = 0.7
"""Of the best sentence's score, that one of an article not judged yet must have to be judged."""
_LONGEST = 8  # words of a reply that is one value

Said = tuple[Stated, Hit]
"""A value, and the sentence of an article that states it."""

_SYSTEM = (
    "Read the passage, then reply to the question with the fact that the passage gives, in one to "
    "six words taken from the passage."
)
_EXAMPLE = (
    "Ferry line to cost more than planned (2024-01-15)\n"
    "The line will cost $48 million, a third above the plan, treasurer Ana Ruiz told the council."
)
# Where one value answers: of "why", "what did he say" and "what is it known for" several do.
_ONE_VALUE = re.compile(
    r"^(?:(?:in|on|at|by|from|for|to|of|with|under|during) )?"
    r"(?:who(?:m|se)?\b|when\b|where\b|which\b"
    r"|how (?:many|much|long|old|big|large|far|often|high)\b"
    r"|what (?:is|was|are|were) (?:the |its |his |her |their |\S+['’]s )"
    r"|what (?!is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|happen)\w+)",
    re.IGNORECASE,
)
_SEVERAL_VALUES = re.compile(
    r"\b(?:both|or|versus|each|compared?|reasons?|examples?|known for|things?|names of)\b",
    re.IGNORECASE,
)

_NEAR = 60  # characters about a figure in which it is said to be expected only
_FORETOLD = re.compile(
    r"\b(?:should|would|could|may|might|will|expect\w*|forecast\w*|predict\w*|project(?:s|ed)"
    r"|plan\w*|aim\w*|hope\w*|target\w*|mean|intend\w*)\b",
    re.IGNORECASE,
)


def asks_one_value(question: str) -> bool:
    """Whether a question asks for one value of something, so that two of them disagree."""
    asked = not is_yes_or_no(question) and _ONE_VALUE.match(question)
    return bool(asked) and not _SEVERAL_VALUES.search(question)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what articles reply to the question that was just answered: the passages judged for it,
    best first, and all sentences found, `ranked`. What is `unread` of the judged is judged now."""

    judged: Sequence[Hit]
    ranked: Sequence[Candidate]
    generator: Generator
    unread: Sequence[Hit] = ()

    def differing(self, question: str, answer: str, quoted: Hit) -> list[Said]:
        """The value that `answer` has from its `quoted` sentence, and those of other articles that
        may differ from it; nothing where there is none.

        Only a model that was taught to judge passages is asked: of another it is not known which
        passages state the answer.
        """
        if not asks_one_value(question) or not self.generator.taught:
            return []
        new = set(content_words(answer)).difference(content_words(question))
        others = self._stating(question, quoted, new)
        own = stated_in(question, quoted, self.generator) if others else None
        if own is None or not _says(answer, own[0].value):
            return []
        unlike = [hit for hit in others if not _holds(hit.passage.article, own[0].value)]
        said = [stated_in(question, hit, self.generator) for hit in unlike[:MOST_READ]]
        source = quoted.passage.article
        apart = [
            one
            for one in said
            if one is not None and _stands(one, question) and not _holds(source, one[0].value)
        ]
        return [own, *apart] if apart else []

    def _stating(self, question: str, quoted: Hit, new: set[str]) -> list[Hit]:
        """The best passage of each other article that is taken for stating an answer, and does not
        repeat all stems that are `new` in this one."""
        heard = {quoted.passage.article.id, *(copy.article_id for copy in quoted.copies)}
        best: list[Hit] = []
        for hit in best_first([*self.judged, *self._judged_now(question, new)]):
            copies = {copy.article_id for copy in hit.copies}
            if hit.score >= LEAST_STATING and not heard & {hit.passage.article.id, *copies}:
                heard |= {hit.passage.article.id, *copies}
                best.append(hit)
        return [hit for hit in best if not _repeats(hit, new)]

    def _judged_now(self, question: str, new: set[str]) -> list[Hit]:
        """What is unread, and the best passage of articles that have none among those, at most
        `MOST_READ`; none that repeats the answer, as judging takes time."""
        heard = {hit.passage.article.id for hit in self.judged}
        unread = [hit for hit in self.unread if not _repeats(hit, new)]
        found: list[Hit] = []
        for candidate in self.ranked:
            if candidate.score < LEAST_NEAR * self.ranked[0].score or len(found) == MOST_READ:
                break
            if candidate.hit.passage.article.id not in heard:
                heard.add(candidate.hit.passage.article.id)
                paragraph = paragraph_of(candidate)
                if not _repeats(paragraph, new):
                    found.append(paragraph)
        return judge(question, [*unread, *found], self.generator)


def _repeats(hit: Hit, new: set[str]) -> bool:
    return new <= set(content_words(hit.passage.text))


def stated_in(question: str, hit: Hit, generator: Generator) -> Said | None:
    """The value that the model finds in a hit's passage, and the sentence of it that states it.

    None where it says what the passage does not hold, or more than one value may be.
    """
    reply = short_reply(question, hit, generator)
    passage = hit.passage
    parts = re.findall(r"\w+", reply)
    if not parts or len(parts) > _LONGEST:
        return None
    pattern = re.compile(r"(?<!\w)" + r"\W+".join(parts) + r"(?!\w)", re.IGNORECASE)
    for start, end in sentence_spans(passage.text, passage.article.language or "en"):
        sentence = passage.text[start:end]
        match = pattern.search(sentence)
        if match is None or is_echo(sentence):
            continue
        value = _value(question, sentence, *match.span())
        if value is None:
            return None
        place = Passage(passage.article, passage.start + start, passage.start + end)
        return _of_its_time(value, sentence, place), replace(hit, passage=place)
    return None


def short_reply(question: str, hit: Hit, generator: Generator) -> str:
    """What the model replies to a question from one passage, without a full stop."""
    chat = [
        Message("system", _SYSTEM),
        Message("user", _asked(_EXAMPLE, "How much does the ferry line cost?")),
        Message("assistant", "$48 million"),
        Message("user", _asked(f"{heading(hit)}\n{as_data(hit.passage.text)}", as_data(question))),
    ]
    said = "".join(generator.generate(chat)).strip()
    return said.splitlines()[0].strip("\"'“”‘’ ").rstrip(".,;") if said else ""


def _asked(passage: str, question: str) -> str:
    return f"Passage: {passage}\n\nQuestion: {question}\nShort answer:"


def _value(question: str, sentence: str, start: int, end: int) -> Value | None:
    """The value that stands at a place of a sentence: a date, a figure, or else its words."""
    for found in (dates(sentence), figures(sentence)):
        inside = [one for one in found if one.start < end and start < one.end]
        if len(inside) > 1:
            return None
        if inside and not _is_named(sentence, start, end, inside[0]):
            return inside[0]
    asked = {stem(alias(word)) for word in words(question)}
    told = [stem(alias(word)) for word in words(sentence[start:end])]
    own = tuple(word for word in told if word not in STOP_WORDS and word not in asked)
    return Value(sentence[start:end], start, end, words=own) if own else None


def _is_named(sentence: str, start: int, end: int, figure: Value) -> bool:
    """Whether a figure is part of a name: the 3 of "Llama 3"."""
    beside = sentence[start : max(figure.start, start)] + sentence[figure.end : end]
    return figure.unit is None and not figure.is_date and any(map(str.isupper, beside))


def _stands(said: Said, question: str) -> bool:
    """Whether a value may be held against the answer's: it is neither of another time than the one
    asked about, nor what was, nor what might come to be."""
    stated, hit = said
    value, sentence = stated.value, hit.passage.text
    time = when(question, len(question), hit.passage.article.published_at)
    if value.is_date or (time.told and stated.when.told and not time.fits(stated.when)):
        return value.is_date
    if value.low is not None:
        near = sentence[max(value.start - _NEAR, 0) : value.end + _NEAR]
        return bool(_FORETOLD.search(question)) or not _FORETOLD.search(near)
    return came_to_be(sentence, value) or not tells_change(sentence, value.start, value.end)


def _of_its_time(value: Value, sentence: str, place: Passage) -> Stated:
    if value.is_date:
        return Stated(value)
    others = [one.start for one in figures(sentence) if one.start != value.start]
    time = when(sentence, value.start, place.article.published_at, others)
    return Stated(value, time, counted(sentence, value.start, value.end))


def _holds(article: Article, value: Value) -> bool:
    """Whether an article states a value anywhere: then its own may be one of another thing."""
    spans = sentence_spans(article.body, article.language or "en")
    sentences = (article.body[start:end] for start, end in spans)
    return any(_says(sentence, value) for sentence in sentences if not is_echo(sentence))


def _says(sentence: str, value: Value) -> bool:
    if value.low is not None:
        return any(relate(value, one) == "same" for one in figures(sentence))
    if value.is_date:
        return any(set(value.words) <= set(one.words) for one in dates(sentence))
    return set(value.words) <= {stem(alias(word)) for word in words(sentence)}
