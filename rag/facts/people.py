"""Who a sentence says does or is what a question asks "who" of."""

from __future__ import annotations

import re

from rag.facts.values import Value
from rag.reading.words import content_words, stem, words

_NAME = re.compile(
    r"\b[A-Z][a-zé]+(?:['’-][A-Za-z]+)?(?:\s+(?:(?:[A-Z]\.?|de|van|von|der|la|al|bin)\s+)*"
    r"[A-Z][\w’'-]+)+"
)
# Between a name and what somebody is or does: "Jane Roe, its new chief executive".
_LINK = re.compile(
    r"[\s,]*(?:by (?:[\w-]+ ){0,5}"
    r"|(?:the|a|an|its|his|her|their|is|are|was|were|be|been|being|as|new|now|also|by|of|becomes?"
    r"|became|named|appointed|and|interim|company|company['’]s|film|band|group|artist)[\s,]+"
    r"){0,5}[\s,]*",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:former|formerly|ex|resign\w*|until|previous\w*|succe\w+|replac\w+|left|leav\w+|step\w*"
    r"|then|had been|used to|once|would|could|may|might)\b",
    re.IGNORECASE,
)
_LIKE = {
    stem(word): group
    for group, row in {
        "found": "found founded founder establish establishment form set start created create "
        "creator founding",
        "build": "build built construct completed erected construction",
        "open": "open opened launch launched begin began",
        "buy": "buy bought acquire acquired acquisition purchase takeover",
        "pay": "pay paid payment",
        "lead": "lead leads head heads run runs ceo chief",
        "direct": "direct directed director",
        "write": "write wrote written author writer",
        "compose": "compose composed composer",
    }.items()
    for word in row.split()
}
_NEAR = 40  # characters about a name in which a change is told of it
_TITLES = frozenset({"ceo", "cfo", "coo", "cto", "mr", "mrs", "ms", "dr", "president"})


def like(word: str) -> str:
    """One stem for stems that say one thing of somebody or something: "founded", "set up"."""
    return _LIKE.get(word, word)


def people_stated(question: str, sentence: str) -> list[Value]:
    """The people whom a sentence ties, next to their name, to what the question asks "who" of.

    Nobody of whom the sentence tells a change, or what might be.
    """
    known = {word.lower() for word in words(question)}
    names = {stem(word.lower()) for word in re.findall(r"(?<=\s)[A-Z]\w+", question)}
    ties = {like(word) for word in content_words(question)} - names
    marks = [m.span() for m in re.finditer(r"[^\W\d_]+", sentence) if _tie(m[0]) & ties]
    people = []
    for match in _NAME.finditer(sentence):
        parts = [word.lower() for word in words(match[0]) if word.lower() not in _TITLES]
        if tells_change(sentence, match.start(), match.end()):
            continue
        if len(parts) > 1 and not known.intersection(parts) and _is_tied(sentence, match, marks):
            people.append(Value(match[0], match.start(), match.end(), words=tuple(parts)))
    return people


def tells_change(sentence: str, start: int, end: int) -> bool:
    """Whether words near a place of a sentence tell of what was, or what might be."""
    return bool(_CHANGE.search(sentence[max(start - _NEAR, 0) : end + _NEAR]))


def _tie(word: str) -> set[str]:
    return {like(part) for part in content_words(word)}


def _is_tied(sentence: str, name: re.Match[str], marks: list[tuple[int, int]]) -> bool:
    return any(
        bool(_LINK.fullmatch(sentence[end : name.start()]))
        if end <= name.start()
        else bool(_LINK.fullmatch(sentence[name.end() : start]))
        for start, end in marks
        if end <= name.start() or start >= name.end()
    )
