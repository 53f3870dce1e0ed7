"""The values that a sentence states in answer to a question: an amount, a share, a number, a date,
a person, or yes and no.

Strict on purpose: a value counts only where the sentence speaks of the question's subject, measures
what it asks for, and states it for itself. What is missed here is a disagreement not shown; what is
let through wrongly is one invented.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index.types import Hit
from rag.evidence import is_news
from rag.facts.people import like, people_stated
from rag.facts.values import Value, dates, figures, hidden, relate
from rag.question.asked import is_yes_or_no, kinds_asked
from rag.reading.measures import Kind, counted, counts_asked, measure_asked, measure_of, speaks_of
from rag.reading.when import When, when
from rag.reading.words import MONTHS_AND_DAYS, STOP_WORDS, content_words, stem, words
from rag.verify import COMMON, alias, known_names, names, telling, whole_names

Thing = Kind | Literal["yes or no"]

LEAST_HELD = 0.5
"""Of the question's other words, that a sentence must hold where no measure tells what is asked."""
LEAST_HELD_DATE = 0.6  # a word besides the noun: who founded "the company" did not join it
LEAST_HELD_YES = 0.7  # of a question that yes or no answers
LEAST_SUBJECT = 0.75  # of all words of a question that names nothing
_NEAR = 60  # characters between a date and the word that it is the date of

_ORDER: tuple[Kind, ...] = ("share", "money", "number", "date", "person")
_ASKS_MONEY = re.compile(
    r"^(?:(?:at|for) )?(?:what|which|how (?:high|much|large|big))\b.*\b(?:valu\w+|worth|price|sum"
    r"|amount|fee|cost|pay|paid|debt|budget)\b",
    re.IGNORECASE,
)
_ASKS_SHARE = re.compile(  # and not "how much did it pay for its stake"
    r"^(?:what|which|how (?:big|large|much of))\s+(?:\w+\s+){0,2}?"
    r"(?:share|stake|percent\w*|proportion|portion|fraction)\b",
    re.IGNORECASE,
)
_ASKS_PERSON = re.compile(
    r"(?:\w+ )?who(?:m|se)?\b|(?:what|which) (?:person|executive|man|woman)\b", re.IGNORECASE
)
_ASKS_POPULATION = re.compile(r"^what (?:is|was)\b.*\bpopulation\b", re.IGNORECASE)
_ASKS_DATE = re.compile(
    r"^(?:in |on )?(?:what|which)(?: (?:is|was) the(?: \w+)?)? (?:date|year|day|month)\b", re.I
)
# Things that are weighed against one another, of which each has a value of its own.
_SEVERAL = re.compile(
    r"\b(?:both|than|or|versus|each|compared?|dearer|cheaper|bigger|larger|smaller|higher|lower"
    r"|longer|older|more expensive|smallest|largest|biggest|highest|lowest)\b",
    re.IGNORECASE,
)
_BY_SOURCE = re.compile(r"\baccording to ([^,?]+)", re.IGNORECASE)
# What a sentence tells of an earlier statement, or of what never came about, it does not state.
_ECHO = re.compile(
    r"\bhad (?:\w+ ){0,2}(?:spoken|said|put|announced|given|predicted|forecast|stood|reported"
    r"|promised|estimated|expected|hoped)\b"
    r"|\b(?:than|from|instead of) (?:the |its |an? |his |her |their )?(?:figure|previous|earlier"
    r"|first|original\w*|plan\w*)\b"
    r"|\b(?:earlier|previous|original|first) (?:\w+ )?(?:accounts?|forecasts?|estimates?|plans?"
    r"|versions?|reports?)\b"
    r"|\bwould have\b|\bcollapsed\b|\b(?:misstated|incorrectly|mistakenly|wrongly|in error)\b",
    re.IGNORECASE,
)
_KEPT_BACK: dict[str | None, re.Pattern[str]] = {
    "stake": re.compile(r"\b(?:size|stake|share|percentage|how much of)\b", re.IGNORECASE),
    "price": re.compile(r"\b(?:price|cost|sum|terms|amount|figure|how much it)\b", re.IGNORECASE),
}
_CAPITALS = r"[A-Z][\w.&’'-]*(?:\s[A-Z][\w.&’'-]*)*"
_ATTRIBUTION = re.compile(
    rf"\b(?:according to|told|citing) (?:the )?{_CAPITALS}"
    rf"|\b(?:the )?{_CAPITALS}\s(?:first )?(?:reported|wrote|said|says|reports)\b"
)
_PARTY = re.compile(r"\b(?:to|by|with|from|of|between|for|unlike) (?:the )?([A-Z][\w&’'-]+)")
_PARTY_AFTER = re.compile(r"\b(?:to|by|from) (?:the )?([A-Z][\w&’'-]+)")
_OPENING = re.compile(r"\W*([A-Z][\w&’'-]*)")
_INNER_CAPITAL = re.compile(r"\b[a-z]+[A-Z]\w*")  # xAI
_NOT = re.compile(r"\b(?:not|no|never|nobody|none|neither|nor|without|denie[sd]|deny)\b|n['’]t\b")
_MAYBE = re.compile(r"\b(?:may|might|could|plan\w*|consider\w*|hope\w*|if|whether)\b")
_DAYS = {stem(word.lower()) for word in MONTHS_AND_DAYS}
_ASKING = {stem(word) for word in "year date day month when time expect plan".split()}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for, as far as a sentence can be held against it."""

    question: str
    kind: Thing
    measure: str | None = None
    nouns: frozenset[str] = frozenset()
    names: tuple[tuple[str, ...], ...] = ()
    stems: frozenset[str] = frozenset()
    subject: frozenset[str] = frozenset()  # where no name tells it
    sources: tuple[str, ...] = ()
    beside: frozenset[str] = frozenset()  # names that the answer speaks of, asked or not


@dataclass(frozen=True, slots=True)
class Stated:
    """A value that a sentence states, of its time; `nouns` and `measure` say of what."""

    value: Value
    when: When = field(default_factory=When)
    nouns: frozenset[str] = field(default_factory=frozenset)
    measure: str | None = None


def asked(query: str) -> Asked | None:
    """What a question asks for; None where no rule here can tell values of it apart.

    Of a follow-up, led by the questions before it, the last one says what is asked.
    """
    question = re.split(r"(?<=\?)\s+(?=\S)", query.strip())[-1]
    question = re.sub(r"^(?:and|but|so|or|then),? ", "", question, flags=re.IGNORECASE)
    kind = _kind(question)
    if kind is None or _SEVERAL.search(question):
        return None
    source = _BY_SOURCE.search(question)
    named = [tuple(alias(word) for word in name) for name in whole_names(query)]
    own = {stem(word) for name in named for word in name}
    stems = {like(word) for word in content_words(question) if not word.isdigit()}
    stems -= own | _DAYS | _ASKING
    named += [(alias(word),) for word in _INNER_CAPITAL.findall(query)]
    kept_names = tuple(name for name in named if not _is_calendar(name) and set(name) - COMMON)
    return Asked(
        question,
        kind,
        None if kind == "yes or no" else measure_asked(kind, question),
        counts_asked(question) if kind == "number" else frozenset(),
        kept_names,
        frozenset(stems),
        frozenset() if kept_names else frozenset(map(like, content_words(query))),
        tuple(names(f"by {source[1]}")) if source else (),
    )


def _kind(question: str) -> Thing | None:
    if is_yes_or_no(question):
        return "yes or no"
    kinds = kinds_asked(question)
    if _ASKS_SHARE.search(question):
        return "share"
    if "money" in kinds or (_ASKS_MONEY.search(question) and "share" not in kinds):
        return "money"
    if _ASKS_POPULATION.search(question):
        return "number"
    if _ASKS_DATE.search(question):
        return "date"
    if "person" in kinds and not _ASKS_PERSON.match(question):
        kinds.remove("person")  # "in which state is the plant whose output"
    return next((kind for kind in _ORDER if kind in kinds), None)


def _is_calendar(name: tuple[str, ...]) -> bool:
    return all(stem(word) in _DAYS for word in name)


def values_of(asked: Asked, sentence: str, published_at: str | None) -> list[Stated]:
    """All values of the kind and the time that are asked for, whatever they are values of."""
    kind = asked.kind
    if kind in ("money", "share", "number"):
        time = when(asked.question, len(asked.question), published_at)
        stated = _figures(asked, sentence, published_at)
        return [one for one in stated if not time.told or time.fits(one.when)]
    if kind == "date":
        return [Stated(value) for value in dates(sentence)]
    if kind == "person":
        return [Stated(value) for value in people_stated(asked.question, sentence)]
    polarity = _polarity(asked, sentence)
    return [Stated(polarity)] if polarity else []


def is_of_another_time(query: str, reply: str, quote: str, published_at: str | None) -> bool:
    """Whether a reply gives a figure of `quote` that is not of the time which the question names:
    the quote says that it is of another, or it has one of that time, which the reply leaves out.
    """
    wanted = asked(query)
    if wanted is None or wanted.kind not in ("money", "share", "number"):
        return False
    time = when(wanted.question, len(wanted.question), published_at)
    said = figures(reply)
    stated = list(_figures(wanted, quote, published_at))
    given = [one for one in stated if any(relate(one.value, own) == "same" for own in said)]
    if not time.told or not given:
        return False
    of_that_time = [one for one in stated if one.when.told and time.fits(one.when)]
    if of_that_time:
        return not any(one in of_that_time for one in given)
    return all(one.when.told and not time.fits(one.when) for one in given)


def is_echo(sentence: str) -> bool:
    """Whether a sentence repeats an earlier statement, or tells of what never came about."""
    return bool(_ECHO.search(sentence))


def claims_of(asked: Asked, hit: Hit) -> list[Stated]:
    """What the sentence that `hit` holds states in answer to the question; mostly nothing."""
    sentence, published_at = hit.passage.text, hit.passage.article.published_at
    if not is_news(sentence) or is_echo(sentence) or not _is_about(asked, hit):
        return []
    held = _share_held(asked, sentence)
    if asked.kind == "yes or no":
        return values_of(asked, sentence, published_at) if held >= LEAST_HELD_YES else []
    if asked.kind == "date":
        return [Stated(value) for value in _dates_of(asked, sentence)]
    stated = [
        one for one in values_of(asked, sentence, published_at) if _measures_it(asked, one, held)
    ]
    if not stated and (kept_back := silence(asked, sentence)):
        return [Stated(kept_back)]
    return stated


def _figures(asked: Asked, sentence: str, published_at: str | None) -> Iterator[Stated]:
    found = figures(sentence)
    for value in found:
        nouns = counted(sentence, value.start, value.end)
        if not _is_of_kind(asked.kind, value, nouns, sentence):
            continue
        others = [other.start for other in found if other is not value]
        yield Stated(
            value,
            when(sentence, value.start, published_at, others),
            nouns,
            measure_of(asked.kind, sentence, value.start, value.end),  # type: ignore[arg-type]
        )


def _is_of_kind(kind: Thing, value: Value, nouns: frozenset[str], sentence: str) -> bool:
    if kind == "share":
        return value.unit == "%"
    if kind == "money":
        return value.unit not in (None, "%")
    # Not the year 2024, the day of 12 June, the 3 of Llama 3, or so many to the square mile.
    before = sentence[: value.start].rstrip().split(" ")[-1]
    is_year = re.fullmatch(r"(?:1[5-9]|20)\d\d", value.text)
    is_rate = re.match(r"(?: \w+){0,2} per (?!cent)", sentence[value.end :])
    return (
        value.unit is None
        and bool(nouns)
        and not (is_year or is_rate or before[:1].isupper() or before == "density")
    )


def _measures_it(asked: Asked, one: Stated, held: float) -> bool:
    if asked.kind == "number" and asked.nouns and not asked.nouns & one.nouns:
        return False
    if asked.measure == "people" and one.measure is None:  # "there were 3,292 people"
        return True
    if asked.measure is not None:
        return one.measure == asked.measure
    return held >= LEAST_HELD


def _is_about(asked: Asked, hit: Hit) -> bool:
    """Whether a sentence speaks of the question's subject, and has no other subject of its own."""
    sentence = hit.passage.text
    inside = {alias(word) for word in words(sentence)}
    if any(source not in inside for source in asked.sources):
        return False
    known = known_names(sentence, hit)
    if not asked.names:  # written in small letters: every word of the question may be a name
        held = asked.subject & {like(stem(word)) for word in known}
        return len(held) >= LEAST_SUBJECT * len(asked.subject)
    if not all(_mentioned(name, known) for name in asked.names):
        return False
    if any(_mentioned(name, inside) for name in asked.names):
        return True
    last = max((value.end for value in figures(sentence)), default=len(sentence))
    told = _ATTRIBUTION.sub(" ", sentence[:last])
    after = _ATTRIBUTION.sub(" ", sentence[last : last + _NEAR // 2])
    parties = [*_PARTY.findall(told), *_PARTY_AFTER.findall(after)]
    if (opening := _OPENING.match(told)) and opening[1].lower() not in STOP_WORDS | _ARTICLES:
        parties.append(opening[1])
    return all(stem(party.lower()) in _DAYS for party in parties)


def _mentioned(name: Sequence[str], known: Collection[str]) -> bool:
    """Whether a name is mentioned: by one telling word of two, by two of more."""
    told = telling(name)
    return sum(word in known for word in told) >= min(2, (len(told) + 1) // 2)


_ARTICLES = frozenset("investors it its the a an some most before after in on at by".split())


def _share_held(asked: Asked, sentence: str) -> float:
    held = {like(word) for word in content_words(sentence)}
    return len(asked.stems & held) / len(asked.stems) if asked.stems else 1.0


def silence(asked: Asked, sentence: str) -> Value | None:
    """That a sentence keeps back what is asked for: "the exact size was not revealed"."""
    if asked.kind not in ("share", "money"):
        return None
    of_it = _KEPT_BACK.get(asked.measure)
    told = of_it.search(sentence) if of_it else speaks_of(asked.kind, asked.measure, sentence)
    own = {word for name in asked.names for word in name}
    others = set(names(_ATTRIBUTION.sub(" ", sentence))) - own - asked.beside
    return hidden(sentence) if told and not others else None


def _dates_of(asked: Asked, sentence: str) -> Iterator[Value]:
    """The date nearest to a word that says what it is the date of, if it is near."""
    lifespan = re.search(r"\(([^()–-]*\d{4})\s*[–-]\s*([^()]*\d{4})?\s*\)", sentence)
    if lifespan and asked.stems & {"born", "birth", "die", "death"}:
        place = 1 if asked.stems & {"born", "birth"} else 2
        for value in dates(sentence):
            if lifespan.start(place) <= value.start < lifespan.end(place):
                yield value
        return
    marks = [
        match.span()
        for match in re.finditer(r"[^\W\d_]+", sentence)
        if like(stem(match[0].lower())) in asked.stems
    ]
    if not marks or _share_held(asked, sentence) < LEAST_HELD_DATE:
        return

    def distance(value: Value) -> int:
        # "In 2019 a man born 1958": the date of a word stands after it more often than before.
        return min(max(value.start - end, 3 * (start - value.end), 0) for start, end in marks)

    near = min(dates(sentence), key=distance, default=None)
    if near is not None and distance(near) <= _NEAR:
        yield near


def _polarity(asked: Asked, sentence: str) -> Value | None:
    """Yes, or no where what is denied is what was asked; None where it may be either."""
    denial = _NOT.search(sentence)
    if denial is None:
        word = "yes"
    else:
        denied = re.findall(r"[^\W\d_]+", sentence[denial.end() :])[:4]
        if not any(like(stem(one.lower())) in asked.stems for one in denied):
            return None
        word = "no"
    return None if _MAYBE.search(sentence) else Value(word, 0, len(sentence), words=(word,))
