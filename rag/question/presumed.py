"""What a question takes for granted: "Why did Meta sell its stake?" that it sold it.

By rules of grammar, and only where they are sure. Such presuppositions of questions with "who",
"why", "when", "where", "how" and "which" are those of Levinson, "Pragmatics", 1983, chapter 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.reading.verbs import BASE, PARTICIPLE, PAST, PRESENT_PARTICIPLE, third_person

_LONGEST = 30  # words of a question; in a longer one a rule loses its way
_LONGEST_SUBJECT = 8
_MODALS = frozenset("will would could should can might".split())
_BE, _HAVE = frozenset("is are was were".split()), frozenset("has have had".split())
_AUXILIARIES = _MODALS | _BE | _HAVE | {"did", "does", "do"}
_AUXILIARY = rf"(?:{'|'.join(sorted(_AUXILIARIES))})"

# What asks for a circumstance leaves the statement whole.
_CIRCUMSTANCE = re.compile(
    r"(?P<lack>when|where|why|how(?: (?:long(?: ago)?|often|soon|quickly|fast))?"
    r"|(?:in|on|at|for|from|to|since|until|by|with|under|during|after|before) (?:which|what)"
    r"(?: \w+){1,2}|(?:which|what) (?:year|day|date|month|week)|how many (?:times|days|weeks|months"
    rf"|years)) (?P<clause>{_AUXILIARY} .+)",
    re.IGNORECASE,
)
# What asks for somebody or something has "anyone" or "any" in the statement.
_OBJECT = re.compile(
    r"(?:(?P<who>whom?)|(?P<what>what)|(?P<amount>how much)|(?:which|what|how many|how much) "
    rf"(?P<thing>\w[\w’'-]*(?: \w[\w’'-]*){{0,3}}?)) (?P<clause>{_AUXILIARY} .+)",
    re.IGNORECASE,
)
# "Who is Orrin's treasurer", and no verb but the one that links the two.
_IS = re.compile(
    r"(?P<asks>who|what|where|when|how (?:old|big|large|high|long|tall|many))"
    r" (?P<is>is|was|are|were) (?P<thing>(?:the |(?-i:[A-Z]))[^,]*)",
    re.IGNORECASE,
)
# Not "Which bank lent it?": whether any such thing did is what is asked, and a small model that
# reads single passages denies it too often (docs/LOG.md).
_DOER = re.compile(r"who (?P<rest>.+)", re.IGNORECASE)
_UNSURE = re.compile(
    r"\b(?:not|never|no|none|nobody|or|when|if|while|whether|because|although|though|than|unless"
    r"|according|both|each|respectively|else|also|only|too|be|been|being|he|she|they)\b|n['’]t\b"
    r"|[;:?!()]|\. "
    r"|(?:,|\band) (?:who|what|when|why|how|where|which)\b",
    re.IGNORECASE,
)
_PRONOUNS = frozenset(
    "i you he she it we they this that these those there him her them me us one anyone anybody"
    " somebody someone its his their my our your".split()
)
_PREPOSITIONS = frozenset(
    "from to with for in at on by about against over into under as through between during after"
    " before since until among within without".split()
)
_PARTICLES = frozenset("up out off down over away back".split())
_DETERMINERS = frozenset("the a an its his their her our my your this these those".split())
_RELATIVE = frozenset("that which who whose whom".split())
_NO_THING = frozenset("else of more less about if is are was were the a".split())
_OF_AMOUNTS = frozenset("pay spend raise invest earn lose offer borrow donate lend".split())
_OF_OWNERS = frozenset("own hold control owe".split())
_OF_CHANGE = frozenset("fall rise grow drop shrink increase climb".split())
# What goes without saying, or says too little to be denied.
_GRANTED = frozenset(
    "find found write invent create design discover build make say tell think know report describe"
    " call live happen announce predict expect claim state explain have see record develop produce"
    " publish establish die come get do mean include show suggest".split()
)
_GRANTED_ALONE = frozenset("begin start end rise".split())
_GRANTED_DOERS = _GRANTED | frozenset("win lead direct host serve".split())


@dataclass(frozen=True, slots=True)
class Presumed:
    """`statement`, to stand after "that"; `lack` is what the question wants to know beyond it, such
    as "when", and None where it asks for a part of the statement itself."""

    statement: str
    lack: str | None = None


@dataclass(frozen=True, slots=True)
class _Clause:
    """A statement in its parts; `verb` is the bare form of the last verb of `predicate`."""

    subject: str
    predicate: str
    verb: str
    rest: tuple[str, ...]

    def text(self, before: str = "", after: str = "") -> str:
        """With something put before or after what follows the predicate."""
        parts = [self.subject, self.predicate, before, *self.rest, after]
        return " ".join(part for part in parts if part)


def presumed(question: str) -> Presumed | None:
    """What a question takes for granted; None where no rule is sure of it, or where it goes without
    saying, as that a company was founded."""
    plain = " ".join(question.split()).rstrip(" ?")
    asked = plain.partition(" ")[2]
    if len(plain.split()) > _LONGEST or _UNSURE.search(asked):
        return None
    if match := _CIRCUMSTANCE.fullmatch(plain):
        clause = _clause(match["clause"].split())
        return Presumed(clause.text(), match["lack"].lower()) if clause else None
    if (match := _OBJECT.fullmatch(plain)) and (clause := _clause(match["clause"].split())):
        statement = _with_object(clause, match)
    else:
        statement = _with_doer(plain)
    return Presumed(statement) if statement else None


def indirect(question: str) -> str | None:
    """A question as it stands after "do not say": "when Meta sold its stake"; None where no rule is
    sure of it."""
    plain = " ".join(question.split()).rstrip(" ?")
    asked = plain.partition(" ")[2]
    if len(plain.split()) > _LONGEST or _UNSURE.search(asked):
        return None
    for form in (_CIRCUMSTANCE, _OBJECT):
        match = form.fullmatch(plain)
        if match and (clause := _clause(match["clause"].split(), frozenset())):
            opening = plain[: match.start("clause")].strip()
            return f"{_small(opening)} {clause.text()}"
    if match := _IS.fullmatch(plain):
        return f"{_small(match['asks'])} {match['thing']} {match['is']}"
    return _small(plain) if plain.lower().startswith("who ") and _with_doer(plain) else None


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _clause(words: Sequence[str], granted: frozenset[str] = _GRANTED) -> _Clause | None:
    """The statement in a question from its auxiliary on, such as "did Meta sell its stake"; None
    for a verb of those that are `granted`."""
    auxiliary = words[0].lower()
    verbs = (n for n in range(2, len(words)) if _base(auxiliary, words[n]))
    place = next(verbs, None)
    if place is None or words[place - 1].lower() in _DETERMINERS:
        return None
    subject, adverbs = list(words[1:place]), list[str]()
    while subject and _is_adverb(subject[-1]):
        adverbs.insert(0, subject.pop())
    after = list(words[place + 1 :])
    if not _is_subject(subject) or (after and _base(auxiliary, after[0])):
        return None
    if auxiliary in ("do", "does") and not subject[0][:1].isupper():
        return None
    predicate = _predicate(auxiliary, adverbs, words[place])
    return _finished(" ".join(subject), predicate, _base(auxiliary, words[place]), after, granted)


def _finished(
    subject: str, predicate: str, verb: str, after: list[str], granted: frozenset[str]
) -> _Clause | None:
    """With the particles of the verb, and a verb that it has with "to", taken from what follows."""
    if verb in granted:
        return None
    while after and after[0] in _PARTICLES:
        predicate += f" {after.pop(0)}"
    if len(after) > 1 and after[0] == "to" and after[1] in PAST:
        verb, predicate = after[1], f"{predicate} to {after[1]}"
        return _finished(subject, predicate, verb, after[2:], frozenset())
    if verb in _GRANTED_ALONE and not after:
        return None
    return _Clause(subject, predicate, verb, tuple(after))


def _base(auxiliary: str, word: str) -> str:
    """The bare form of a verb in the form that its auxiliary asks for; empty where it is not."""
    if auxiliary in _BE and word in PRESENT_PARTICIPLE:
        return PRESENT_PARTICIPLE[word]
    if auxiliary in _BE | _HAVE:
        return PARTICIPLE.get(word, "")
    return word if word in PAST else ""


def _predicate(auxiliary: str, adverbs: Sequence[str], verb: str) -> str:
    if auxiliary == "did":
        return " ".join([*adverbs, PAST[verb]])
    if auxiliary in ("does", "do"):
        return " ".join([*adverbs, third_person(verb) if auxiliary == "does" else verb])
    return " ".join([auxiliary, *adverbs, verb])


def _is_adverb(word: str) -> bool:
    return word.islower() and (word.endswith("ly") or word in ("ever", "first", "later", "once"))


def _is_subject(words: Sequence[str]) -> bool:
    """Whether words name something: a name, or "the ferry line", and nothing that leans on other
    words."""
    if not 0 < len(words) <= _LONGEST_SUBJECT or any(word.endswith(",") for word in words):
        return False
    small = {word.lower() for word in words}
    if small & (_PRONOUNS | _PREPOSITIONS | _RELATIVE | _AUXILIARIES):
        return False
    is_noun = words[0].lower() in ("the", "a", "an") and len(words) > 1
    return (is_noun or words[0][:1].isupper()) and words[-1].lower() not in ("of", "and", "the")


def _with_object(clause: _Clause, match: re.Match[str]) -> str | None:
    """The statement with what is asked for put where it belongs."""
    rest = clause.rest
    if "to" in rest and any(word in PAST for word in rest):  # "What did it vote for him to have?"
        return None
    if match["clause"].lower().startswith("do") and clause.verb not in _OF_OWNERS:
        return None
    is_passive = clause.predicate.split()[0] in _BE and not clause.predicate.endswith("ing")
    if match["amount"]:
        return _with_amount(clause)
    thing = match["thing"]
    if thing and (thing.split()[0].lower() in _NO_THING or _has_verb(thing.split())):
        return None
    wanted = "anyone" if match["who"] else "anything" if match["what"] else f"any {thing}"
    if rest and rest[-1] in _PREPOSITIONS | _PARTICLES:
        return clause.text(after=wanted) if rest[-1] in _PREPOSITIONS else None
    return None if is_passive or not _opens_circumstance(rest) else clause.text(wanted)


def _with_amount(clause: _Clause) -> str | None:
    rest = clause.rest
    if clause.verb in _OF_AMOUNTS and _opens_circumstance(rest):
        return clause.text("anything")
    if rest and rest[-1] == "for":  # "How much was it sold for?"
        return _Clause(clause.subject, clause.predicate, clause.verb, rest[:-1]).text()
    has_object = rest and not _opens_circumstance(rest)
    return clause.text() if has_object or clause.verb in _OF_CHANGE else None


def _opens_circumstance(rest: Sequence[str]) -> bool:
    """Whether no object stands there, but a time, a place or nothing."""
    if not rest:
        return True
    if rest[0] == "to" and len(rest) > 1 and rest[1].islower():
        return rest[1] in _DETERMINERS
    return rest[0] in _PREPOSITIONS or rest[0] in ("last", "this", "yesterday", "today", "recently")


def _with_doer(question: str) -> str | None:
    """Of "Who replaced him?": somebody did so."""
    match = _DOER.fullmatch(question)
    if match is None:
        return None
    auxiliary, *after = match["rest"].split()
    if not after or (auxiliary not in BASE and auxiliary not in _AUXILIARIES):
        return None
    if auxiliary in BASE and not (auxiliary in _HAVE and _base(auxiliary, after[0])):
        predicate, verb = auxiliary, BASE[auxiliary]
    elif verb := _base(auxiliary, after[0]):
        predicate = f"{auxiliary} {after.pop(0)}"
    else:
        return None
    if _has_verb(after) or auxiliary in ("do", "does", "did", "are", "were"):
        return None
    clause = _finished("anyone", predicate, verb, after, _GRANTED_DOERS)
    return clause.text() if clause and clause.rest else None


def _has_verb(words: Sequence[str]) -> bool:
    """Whether another statement begins in words, that no "that" or "who" joins to them."""
    ends = (n for n, word in enumerate(words) if word.lower() in _RELATIVE)
    own = words[: next(ends, len(words))]
    return any(word in _AUXILIARIES or (word in BASE and word not in PAST) for word in own)
