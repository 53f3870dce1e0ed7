"""Numbers as news writes them, made comparable: $14.3 billion is 14.3bn is 14,300 million."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_ONES = ["two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# "one" is left out: in running text it is a pronoun far more often than a number.
_SPELLED = (
    {word: value for value, word in enumerate([*_ONES, *_TEENS], start=2)}
    | {word: 10 * value for value, word in enumerate(_TENS, start=2)}
    | {"one": 1, "a": 1}  # only before a scale: "a billion"
)
_SCALES = {
    "thousand": 3, "k": 3,
    "million": 6, "mn": 6, "mln": 6, "m": 6,
    "billion": 9, "bn": 9, "b": 9,
    "trillion": 12, "tn": 12, "t": 12,
}  # fmt: skip
_CURRENCIES = {
    "us$": "$", "usd": "$", "dollar": "$", "dollars": "$", "us dollars": "$",
    "eur": "€", "euro": "€", "euros": "€", "gbp": "£",
}  # fmt: skip
_WORD_SCALE = r"(?:thousand|million|billion|trillion|mln|mn|bn|tn)"
_QUANTITY = re.compile(
    rf"""
    (?<!\w)(?<!\d[.,])
    (?P<before>(?:us|a|c)?\$|[€£¥]|(?:usd|eur|gbp)\s?)?
    (?:
        (?P<digits>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?)(?![.,]?\d)
      | (?P<tens>{"|".join(_TENS)})(?:[\s-](?P<ones>one|{"|".join(_ONES)}))?\b
      | (?P<small>{"|".join([*_ONES, *_TEENS])})\b
      | (?P<article>a|one)(?=\s+{_WORD_SCALE}\b)
    )
    (?:[\s-]?(?P<scale>{_WORD_SCALE})\b|(?P<letter>[kmbt])\b)?
    (?:\s?(?P<percent>%|per\s?cent\b|pct\b))?
    (?:\s(?P<after>us\sdollars|dollars?|euros?|usd|eur|gbp)\b)?
    (?!\w)
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as its value, with `%` or a currency's sign as its unit, or None."""

    value: Decimal
    unit: str | None = None

    def same(self, other: Quantity) -> bool:
        """Equal values; a currency may be left out on one side, a percent sign may not."""
        if self.value != other.value:
            return False
        return self.unit == other.unit or (
            None in (self.unit, other.unit) and "%" not in (self.unit, other.unit)
        )


@dataclass(frozen=True, slots=True)
class Located:
    """A quantity and where it stands: characters `start` to `end` of its text."""

    start: int
    end: int
    value: Quantity


Token = str | Quantity


def normalise(text: str) -> str:
    """Lower case, without punctuation and articles, single spaces.

    As in the evaluation script of SQuAD (Rajpurkar et al. 2016).
    """
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def tokens(text: str) -> list[Token]:
    """The words of a text, normalised, and its quantities, in order."""
    return list(_tokens(_plain(text)))


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans("‘’“”", "''\"\""))
    text = re.sub(r"'s\b", "", text)
    # A dash between two amounts is read as "to"; any other parts words.
    text = re.sub(r"(?:(?<=[\d%])|(?<=illion)|(?<=bn))\s?[-‐‑‒–—]\s?(?=[$€£¥]?\d)", " to ", text)
    return re.sub(r"[-‐‑‒–—/]", " ", text)


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    for match in _QUANTITY.finditer(text):
        yield from normalise(text[position : match.start()]).split()
        yield _quantity(match, text)
        position = match.end()
    yield from normalise(text[position:]).split()


def _quantity(match: re.Match[str], text: str) -> Quantity:
    parts = {name: value.lower() for name, value in match.groupdict().items() if value}
    if digits := parts.get("digits"):
        value = Decimal(digits.replace(",", ""))
    else:
        words = (parts.get(name) for name in ("tens", "ones", "small", "article"))
        value = Decimal(sum(_SPELLED[word] for word in words if word))
    power = _SCALES[scale] if (scale := parts.get("scale") or parts.get("letter")) else 0
    unit = "%" if "percent" in parts else (parts.get("before") or parts.get("after") or "").strip()
    if not power and unit != "%":
        power = _shared_scale(text[match.end() :], value)
    return Quantity(value.scaleb(power), _CURRENCIES.get(unit, unit) or None)


def _shared_scale(rest: str, value: Decimal) -> int:
    """The power of ten of "billion" for the 64 of "$64 to $72 billion"; 0 when none is shared."""
    link = re.match(r"\s(?:to|and)\s|\s?[-–—]\s?(?=[$€£¥]?\d)", rest)
    other = _QUANTITY.match(rest, link.end()) if link else None
    if other is None or not other["scale"] or not other["digits"]:
        return 0
    rising = value < Decimal(other["digits"].replace(",", ""))
    return _SCALES[other["scale"].lower()] if rising else 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A number with the text that states it, and with the words around it, 40 characters each."""

    text: str
    quantity: Quantity
    before: str
    after: str


def placed_quantities(text: str) -> list[Placed]:
    """As `quantities`, each with where it stands."""
    plain = _plain(text)
    return [
        Placed(
            match[0],
            _quantity(match, plain),
            plain[max(match.start() - 40, 0) : match.start()],
            plain[match.end() : match.end() + 40],
        )
        for match in _QUANTITY.finditer(plain)
    ]


def quantities(text: str) -> list[Quantity]:
    """The numbers of a text, in order."""
    return [token for token in tokens(text) if isinstance(token, Quantity)]


def located_quantities(text: str) -> list[Located]:
    """The numbers of a text as it is written, in order and with their places."""
    # No-break spaces part thousands from nothing: one character for one keeps the places.
    text = re.sub(r"[\u00a0\u2009\u202f]", " ", text)
    return [
        Located(match.start(), match.end(), _quantity(match, text))
        for match in _QUANTITY.finditer(text)
    ]


def missing_quantities(claimed: str, source: str) -> list[Quantity]:
    """The numbers of `claimed` that `source` holds in no equivalent form."""
    held = quantities(source)
    return [claim for claim in quantities(claimed) if not any(claim.same(one) for one in held)]
