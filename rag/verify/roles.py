"""Who did what to whom: two names around one verb, in the order of the passage.

The rule, for two names of a claim that a sentence of the passage names too:

1. The verb of a pair is the first word between the names that says something; where "by" stands
   before the second name, it is the last word before "by", and the pair is passive.
2. Pairs with one verb agree when they are in one order and both active or both passive, or in
   opposite order and one of them passive.
3. Where a sentence of the passage disagrees and none agrees, the roles are turned round.

Nothing is said where the names are joined by "and", where the verb takes "with" and works both ways
("agreed", "a deal"), where only one of them has "from" or "to" before the second name, and where
only one of the first names is a genitive ("Meta's chief is Mark
Zuckerberg").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.reading.words import stem
from rag.verify.fault import Fault, shown
from rag.verify.tokens import Mention, Word, mentions, read

_AUXILIARY = frozenset(
    "will would shall should can could may might must is are was were be been being has had do "
    "does did not to also now then that which who already just recently reportedly "
    "agree agrees agreed plan plans planned want wants wanted expects expected".split()
)
_CLASSES = (
    # Who pays for a thing, or takes it, has it.
    "have has had having hold holds held own owns owned get gets got take takes took taken buy "
    "buys bought buying acquire acquires acquired acquiring purchase purchased pay pays paid",
    "replace replaces replaced succeed succeeds succeeded",
    "hire hires hired",
    "sell sells sold",
    "sue sues sued",
)
_VERBS = {
    form: forms.split()[0]
    for forms in _CLASSES
    for one in forms.split()
    for form in (one, stem(one))
}
_PRONOUNS = frozenset("he she it they".split())
"""Whom they mean, and so may face, the sentence does not say."""
_BE = frozenset("is are was were be been being".split())
_HELPING = frozenset("have has had having get gets got take takes took taken".split())
"""Verbs that mostly say too little of who does what: all have something."""
_FACING = 4
"""Words, at most, of two stretches that face each other."""
_AFTER_BY = 6
"""Words from "by" to the name that it introduces, at most: "by the chief executive of Meta"."""
_BOTH_WAYS = frozenset(stem(word) for word in "deal contract agree agreement merge merger partner "
    "partnership talks work sign compete competition share meet".split())  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pair:
    first: Mention
    second: Mention
    verb: str
    passive: bool
    both_ways: bool
    towards: str


def swapped_roles(claim: str, sentences: Sequence[str], known: frozenset[str]) -> Fault | None:
    """The claim's first pair of names whose roles the passage has the other way round, or None."""
    stated = [pair for sentence in sentences for pair in _pairs(read(sentence), known)]
    for pair in _pairs(read(claim), known):
        found = [verdict for one in stated if (verdict := _agree(pair, one)) is not None]
        if found and not any(found):
            return Fault("the passage has the roles of two names the other way round")
    return None


def _pairs(sentence: tuple[Word, ...], known: frozenset[str]) -> Iterator[_Pair]:
    found = mentions(sentence, known)
    for i, first in enumerate(found):
        for second in found[i + 1 :]:
            between = sentence[first.end : second.start]
            relative = {w.text.lower() for w in sentence[max(first.start - 4, 0) : first.start]}
            # "Wang, who runs Scale AI, would join Meta": it is not Scale AI that would.
            aside = between[:1] and between[0].text == "," and relative & {"who", "which"}
            # "Meta is supplied by Constellation with power from Clinton": not by Clinton.
            doers = [w.text.lower() for w in between[: found[i + 1].start - first.end]]
            by_another = found[i + 1] is not second and "by" in doers
            if not (aside or by_another) and (pair := _pair(first, second, between)):
                yield pair


def _pair(first: Mention, second: Mention, between: Sequence[Word]) -> _Pair | None:
    said = [word for word in between if _is_verb(word)] or [
        word for word in between[:1] if word.text.lower() in _AUXILIARY
    ]
    if not said or between[-1].mark or any(word.text in ";:" for word in between):
        return None
    small = [word.text.lower() for word in between]
    passive = "by" in small and len(small) - small.index("by") <= _AFTER_BY
    verb = said[0]
    if passive:
        before = [word for word in between[: small.index("by")] if _is_verb(word)]
        if not before:
            return None
        verb = before[-1]
    both_ways = small[-1] in ("with", "and", "or") and any(
        word.stem in _BOTH_WAYS for word in between
    )
    towards = small[-1] if small[-1] in ("from", "to") else ""
    return _Pair(first, second, _key(verb), passive, both_ways, towards)


def _is_verb(word: Word) -> bool:
    small = word.text.lower()
    return (word.content or small in _VERBS) and small not in _AUXILIARY


def _key(word: Word) -> str:
    return _VERBS.get(word.text.lower(), _VERBS.get(word.stem, word.stem))


def _agree(claim: _Pair, stated: _Pair) -> bool | None:
    """Whether two pairs have the same roles; None where they cannot be compared."""
    if claim.verb != stated.verb or claim.towards != stated.towards:
        return None
    if claim.both_ways or stated.both_ways or claim.first.genitive != stated.first.genitive:
        return None
    along = claim.first.names(stated.first) and claim.second.names(stated.second)
    against = claim.first.names(stated.second) and claim.second.names(stated.first)
    if along == against:
        return None
    return along == (claim.passive == stated.passive)


def acts_on_itself(claim: str, sentences: Sequence[str], known: frozenset[str]) -> Fault | None:
    """One name that does to itself what no sentence says that it does: "Meta will supply Meta"."""
    stated = {
        pair.verb
        for sentence in sentences
        for pair in _pairs(read(sentence), known)
        if pair.first.names(pair.second)
    }
    words = read(claim)
    for pair in _pairs(words, known):
        between, after = words[pair.first.end : pair.second.start], words[pair.second.end :]
        is_object = _is_verb(between[-1]) and not (after and after[0].text.lower() in _AUXILIARY)
        same = pair.first.words == pair.second.words and not pair.second.genitive
        if same and is_object and pair.verb not in stated:
            return Fault(f"the passage does not say this of {shown(_text(words, pair.first))}")
    return None


def other_doer(claim: str, carriers: Sequence[str], known: frozenset[str]) -> Fault | None:
    """Who does in the claim what in the sentences that it comes from another does, and who is not
    named there: "Apple paid $6 billion" of "OpenAI bought it for $6 billion"."""
    sentences = [read(carrier) for carrier in carriers]
    named = [name for sentence in sentences for name in mentions(sentence, known)]
    for doer, verb in _doers(read(claim), known):
        others = [
            _text(sentence, other)
            for sentence in sentences
            for other, done in _doers(sentence, known)
            if done == verb
        ]
        if others and not any(doer.names(name) for name in named):
            return Fault(f"the passage says {shown(others[0])}")
    return None


def _doers(sentence: tuple[Word, ...], known: frozenset[str]) -> Iterator[tuple[Mention, str]]:
    """The names that stand before a verb of `_CLASSES`, with it; of a passive, none."""
    for name in mentions(sentence, known):
        before: list[str] = []
        for word in sentence[name.end :]:
            small = word.text.lower()
            if small in _VERBS and small not in _HELPING:
                if not (_BE.intersection(before) and not small.endswith("ing")):
                    yield name, _VERBS[small]
                break
            if small not in _AUXILIARY:
                break
            before.append(small)


def other_patient(claim: str, sentences: Sequence[str], known: frozenset[str]) -> Fault | None:
    """To whom it is done in the claim what the passage says is done to another only: "Wang was
    promoted" of "Wang revealed that Droege would be promoted"."""
    stated = [
        (_text(sentence, name), name, verb)
        for sentence in map(read, sentences)
        for name, verb in _patients(sentence, known)
    ]
    for name, verb in _patients(read(claim), known):
        others = [(text, other) for text, other, done in stated if done == verb]
        if others and not any(name.names(other) for _, other in others):
            return Fault(f"the passage says {shown(others[0][0])}")
    return None


def _patients(sentence: tuple[Word, ...], known: frozenset[str]) -> Iterator[tuple[Mention, str]]:
    """The names that stand before a passive with nothing but auxiliaries between, and its verb."""
    for name in mentions(sentence, known):
        passive = False
        for word in sentence[name.end :]:
            small = word.text.lower()
            if small not in _AUXILIARY:
                if passive and word.content and small.endswith(("ed", "en")):
                    yield name, word.stem
                break
            passive = passive or small in _BE


def swapped_name(claim: str, sentence: str, known: frozenset[str]) -> Fault | None:
    """A name that stands where the sentence of the passage has another.

    Both sentences are laid side by side by what they share (difflib). Of two names that face each
    other, the passage must not have the claim's, or the two must be exchanged elsewhere as well.
    """
    left, right = read(claim), read(sentence)
    named, stated = mentions(left, known), mentions(right, known)
    facing: list[tuple[Mention, Mention]] = []
    matcher = SequenceMatcher(None, [w.stem for w in left], [w.stem for w in right], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        pronoun = any(word.text.lower() in _PRONOUNS for word in right[c:d])
        if kind == "replace" and max(b - a, d - c) <= _FACING and not pronoun:
            new = [m for m in named if m.start < b and a < m.end] or _unknown_name(left, a, b)
            old = [m for m in stated if m.start < d and c < m.end] or _unknown_name(right, c, d)
            pairs = zip(new, old, strict=False)
            facing += [(one, other) for one, other in pairs if not one.names(other)]
    for new_name, old_name in facing:
        says = Fault(f"the passage says {shown(_text(right, old_name))}")
        exchanged = [a for a, b in facing if new_name.names(b) and old_name.names(a)]
        if exchanged and not any(_mutual(left, new_name, other) for other in exchanged):
            return says
        absent = not any(one.words >= old_name.words for one in named)
        if absent and not any(new_name.names(one) for one in stated):
            return says
    return None


def _mutual(sentence: tuple[Word, ...], one: Mention, other: Mention) -> bool:
    """Whether two names may change places: "A and B", "A signed a deal with B"."""
    first, second = sorted((one, other), key=lambda name: name.start)
    before = sentence[second.start - 1].text.lower()
    both_ways = any(word.stem in _BOTH_WAYS for word in sentence[first.end : second.start])
    beside = second.start - first.end == 1
    return (before in ("and", "or") and beside) or (before in ("and", "with") and both_ways)


def _unknown_name(sentence: tuple[Word, ...], start: int, end: int) -> list[Mention]:
    """The single word that begins a sentence, which may be a name that no article has."""
    first = sentence[start]
    alone = end - start == 1 and first.initial and first.capital
    return [Mention(start, end, frozenset([first.stem]), first.genitive)] if alone else []


def _text(sentence: tuple[Word, ...], name: Mention) -> str:
    return " ".join(word.text for word in sentence[name.start : name.end])
