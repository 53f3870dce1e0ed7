"""Faults planted in right sentences, by rules of their own: none is the checker's.

A planter gives the sentence with one fault, or None where it has no place for it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.article import Article

MONTHS = (
    "January February March April May June July August September October November December".split()
)
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
NUMBER_WORDS = "two three four five six seven eight nine ten eleven twelve".split()
PLACES = (
    "Los Alamos", "New Mexico", "Illinois", "Maryland", "Rockville", "Pennsylvania", "Texas",
    "Tennessee", "Washington", "California", "San Francisco", "New York", "London", "Britain",
    "Germany", "France", "Paris", "Berlin", "Japan", "Tokyo", "China", "India", "Canada",
    "United States", "Europe", "Virginia", "Seattle", "Clinton", "Three Mile Island", "Middletown",
)  # fmt: skip
_MONTH = "|".join(MONTHS)
_DAYS = "|".join(WEEKDAYS)
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_NO_YEAR = rf"(?<![\w.,$-])(?!(?:19|20)\d\d\b)({_NUMBER})(?![\w%]|[.,]\d| (?:{_MONTH})| per cent)"
_NAME = re.compile(r"\b[A-Z][\w.-]*\w(?: (?:De )?[A-Z][\w.-]*\w)*|\bX\b")
_NO_NAMES = frozenset(
    "The A An In On At It Its He She His Her They Their We I Last This That These Those For From "
    "To By Before After Under With Late Early Now Two Three Such Those Similar Officially What "
    "Investors Shareholders Unit Four Weeks CEO US UK AI Only There As And But Or Some "
    "Of American".split()
) | set(MONTHS) | set(WEEKDAYS)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """The article that a sentence is from, all articles, and where chance comes from."""

    article: Article
    articles: Sequence[Article]
    chance: random.Random


Planter = Callable[[str, Context], str | None]


def names_in(text: str) -> list[str]:
    """Runs of capitalised words that stand inside sentences, each once."""
    inside = (m[0] for m in _NAME.finditer(text) if text[: m.start()].rstrip()[-1:] not in '.?!”"')
    return [name for name in dict.fromkeys(inside) if name.split()[0] not in _NO_NAMES]


def _put(text: str, match: re.Match[str], new: str, group: int = 1) -> str:
    return text[: match.start(group)] + new + text[match.end(group) :]


def _other_number(number: str, chance: random.Random) -> str:
    value = float(number.replace(",", ""))
    changed = value * chance.choice([0.4, 0.7, 1.3, 1.8, 2.5])
    if "." in number:
        return f"{changed:.{len(number.split('.')[1])}f}"
    return f"{max(round(changed), round(value) + 1 if changed > value else 1):,}"


def _change_number(text: str, pattern: str, chance: random.Random) -> str | None:
    found = list(re.finditer(pattern, text))
    if not found:
        return None
    match = chance.choice(found)
    new = _other_number(match[1], chance)
    return _put(text, match, new) if new != match[1] else None


def number(text: str, context: Context) -> str | None:
    words = list(re.finditer(rf"\b({'|'.join(NUMBER_WORDS)})\b", text))
    if words and context.chance.random() < 0.3:
        match = context.chance.choice(words)
        return _put(text, match, context.chance.choice([w for w in NUMBER_WORDS if w != match[1]]))
    pattern = rf"[$€£]({_NUMBER})|{_NO_YEAR}"
    found = list(re.finditer(pattern, text))
    if not found:
        return None
    match = context.chance.choice(found)
    group = 1 if match[1] else 2
    new = _other_number(match[group], context.chance)
    return _put(text, match, new, group) if new != match[group] else None


def number_of_article(text: str, context: Context) -> str | None:
    """A sum of the same article in the place of another."""
    form = r"\$\d(?:[\d.,]*\d)?(?: (?:m|b)illion)?"
    found = list(re.finditer(form, text))
    others = [n for n in re.findall(form, context.article.body) if n not in text]
    if not found or not others:
        return None
    return _put(text, context.chance.choice(found), context.chance.choice(others), 0)


def percentage(text: str, context: Context) -> str | None:
    return _change_number(text, rf"({_NUMBER})(?:%| per cent)", context.chance)


def unit(text: str, context: Context) -> str | None:
    found = list(re.finditer(r"\b(million|billion)\b", text))
    if not found:
        return None
    match = context.chance.choice(found)
    return _put(text, match, {"million": "billion", "billion": "million"}[match[1]])


def date(text: str, context: Context) -> str | None:
    """Another year, month, day of the month or day of the week, or next for last."""
    chance = context.chance
    forms = (
        r"(?<![\d$.,-])((?:19|20)\d\d)(?![\d%]|,\d)",
        rf"\b({_MONTH})\b",
        rf"\b({_DAYS})\b",
        rf"\b(\d{{1,2}}) (?:{_MONTH})",
        r"\b([Ll]ast|[Nn]ext) (?:year|month|week)\b",
    )
    found = [(form, match) for form in forms for match in re.finditer(form, text)]
    if not found:
        return None
    _, match = chance.choice(found)
    old = match[1]
    if old in MONTHS or old in WEEKDAYS:
        return _put(text, match, chance.choice([n for n in (MONTHS if old in MONTHS else WEEKDAYS)
                                                if n != old]))  # fmt: skip
    if old.isdigit() and len(old) == 4:
        return _put(text, match, str(int(old) + chance.choice([-3, -2, -1, 1, 2])))
    if old.isdigit():
        return _put(text, match, str(int(old) % 27 + chance.choice([1, 2])))
    return _put(text, match, {"last": "next", "next": "last", "Last": "Next", "Next": "Last"}[old])


def _swap_name(
    text: str, known: Sequence[str], others: Sequence[str], chance: random.Random
) -> str | None:
    """A name of `known` that the text holds, replaced by one of `others` of as many words."""
    held = [name for name in known if re.search(rf"\b{re.escape(name)}\b", text)]
    held = [name for name in held if not any(name != o and name in o for o in held)]
    if not held:
        return None
    name = chance.choice(held)
    words = set(re.findall(r"\w+", text))
    fresh = [o for o in others if not words & set(re.findall(r"\w+", o))]
    alike = [o for o in fresh if len(o.split()) == len(name.split())] or fresh
    if not alike:
        return None
    return re.sub(rf"\b{re.escape(name)}\b", chance.choice(alike).replace("\\", ""), text)


def name_of_article(text: str, context: Context) -> str | None:
    own = [n for n in names_in(context.article.body) if n not in PLACES]
    return _swap_name(text, own, own, context.chance)


def name_of_another(text: str, context: Context) -> str | None:
    own = [n for n in names_in(context.article.body) if n not in PLACES]
    others = [
        name
        for article in context.articles
        if article.id != context.article.id
        for name in names_in(article.body)
        if name not in context.article.body and name not in PLACES
    ]
    return _swap_name(text, own, others, context.chance)


def place(text: str, context: Context) -> str | None:
    others = [place for place in PLACES if place not in text]
    return _swap_name(text, PLACES, others, context.chance)


_NEGATED = (
    (r"\bis not a\b", "is a"), (r"\bnot ", ""), (r"\bno (?=[a-z])", "a "), (r"n't\b", ""),
    (r"\bnever ", ""), (r"\bnobody has\b", "somebody has"),
    (r"\b(?:declined|refused) to\b", "agreed to"),
    (r"\bnon-", ""), (r"\bwithout ", "with "), (r"\bdenied that\b", "confirmed that"),
)  # fmt: skip


def negation(text: str, context: Context) -> str | None:
    """One negation less, or one more after an auxiliary."""
    for form, new in _NEGATED:
        if re.search(form, text):
            return re.sub(form, new, text, count=1)
    form = r"\b(is|are|was|were|will|would|has|have|had|can|could)\b(?! not)(?= [a-z])"
    found = list(re.finditer(form, text))
    if not found:
        return None
    match = context.chance.choice(found)
    return _put(text, match, f"{match[1]} not")


_HEDGES = (
    (r"\breportedly ", ""), (r",? according to (?:several |media )?reports,?", ""),
    (r"\b(?:is|are) (?:expected|said|believed) to ", "will "), (r"\bmay ", "will "),
    (r"\bmight ", "will "), (r"\bcould ", "will "),
    (r"\b(?:plan|want|hope|intend|aim)s to ", "will "),
    (r"\bplanned to ", "would "), (r"\bin talks to buy\b", "buying"),
    (r"\b(?:more than|at least|up to|less than|fewer than|nearly|almost|about|roughly|around) "
     r"(?=[$\d]|an? (?:m|b)illion)", ""),
    (r"\bexpects (?!to\b)(?=[$\w])", "gets "),
)  # fmt: skip


def hedge(text: str, context: Context) -> str | None:
    """One hedge less."""
    found = [(form, new) for form, new in _HEDGES if re.search(form, text)]
    if not found:
        return None
    form, new = context.chance.choice(found)
    return re.sub(form, new, text, count=1)


def roles(text: str, context: Context) -> str | None:
    """Two names that a verb stands between, exchanged."""
    known = names_in(f". {context.article.body} {context.article.title}")
    spans = [
        m
        for m in _NAME.finditer(text)
        if any(m[0] == n or m[0] in n.split() for n in known) and m[0] not in PLACES
    ]
    pairs = [
        (a, b)
        for i, a in enumerate(spans)
        for b in spans[i + 1 : i + 2]
        if not set(a[0].split()) & set(b[0].split())
        and re.search(r"(?<![’'])\b[a-z]{3,}", _verbs(text[a.end() : b.start()]))
        and not text[a.end() :].startswith(("'", "’"))
        and not text[b.end() :].startswith(("'", "’"))
    ]
    if not pairs:
        return None
    a, b = context.chance.choice(pairs)
    return f"{text[: a.start()]}{b[0]}{text[a.end() : b.start()]}{a[0]}{text[b.end() :]}"


def _verbs(between: str) -> str:
    """The text between two names, empty where it only joins them."""
    return re.sub(r"^(?:,| and| or| as well as| with| in| of| the)+ ?$", "", between)


def quotation(text: str, context: Context) -> str | None:
    """A word between quotation marks changed, or marks set around words that are not the
    article's."""
    match = re.search(r"[\"“]([^\"”]+)[\"”]", text)
    if match is None:
        return None
    words = match[1].split()
    other = [w for w in re.findall(r"\b[a-z]{4,}\b", context.article.body) if w not in words]
    words[context.chance.randrange(len(words))] = context.chance.choice(other)
    return _put(text, match, " ".join(words))


PLANTERS: dict[str, Planter] = {
    "number changed": number,
    "number of the same article": number_of_article,
    "percentage changed": percentage,
    "million for billion": unit,
    "date changed": date,
    "name of the same article": name_of_article,
    "name of another article": name_of_another,
    "place swapped": place,
    "negation flipped": negation,
    "hedge dropped": hedge,
    "roles swapped": roles,
    "quotation altered": quotation,
}
