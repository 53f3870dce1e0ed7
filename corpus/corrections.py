"""Notices that an article was put right or taken back, told from texts that only mention such."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEAD, _TAIL = 1_000, 2_000  # characters of a body where outlets put their notices
_LONGEST = 500  # characters of a notice that are kept

# One of these stands in every notice: looking for them first is many times as fast.
_HINTS = (
    "orrect", "ORRECT", "larif", "LARIF", "etract", "ETRACT", "ithdrawn", "ITHDRAW", "UPDATE ",
    "version of this", "amended", "pdated to", "KILL", "efiles", "isregard",
)  # fmt: skip
_LABELS = "CORRECTION|CORRECTED|CLARIFICATION|RETRACTION|RETRACTED|WITHDRAWAL|WITHDRAWN|REFILE|KILL"
_TITLE = re.compile(
    rf"\W*(?P<label>(?:{_LABELS}|UPDATE \d+|Correction|Corrected|Clarification|Retraction"
    r"|Retracted)"
    r"(?: \d+)?)(?:\s*[:–—-]|\)\s*[:–—-]?)\s*\S"
)
_TITLE_END = re.compile(r"[(\[](?P<label>(?i:corrected|retracted|withdrawn))[)\]]\W*$")

_STORY = r"(?:article|story|report|post|piece|item|headline|dispatch|column|page|transcript)"
_WRONG = (
    r"(?:mis(?:stat|identif|spell|spelt|characteri|quot|attribut|report|label|named)|incorrect|wrong"
    r"|erroneous|inaccura|in error|an? (?:\w+ )?error|overstated|understated|omitted|gave|did not"
    r"|should have|failed to)"
)
_DAY = (
    r"(?:\s*[,(]?\s*(?:on )?(?:[A-Z]\w{2,8}\.? \d{1,2}(?:,? \d{4})?|\d{1,2} [A-Z]\w{2,8}\.?"
    r"(?: \d{4})?|\d[\d./-]{4,9})\)?)?"
)
_LABEL = (
    r"(?:Corrections?(?: (?:&|and) [Cc]larifications?)?|CORRECTIONS?(?: (?:&|AND) CLARIFICATIONS?)?"
    rf"|Clarification|CLARIFICATION|Retraction|RETRACTION){_DAY}\s*[:–—]"
)
_SAYS_SO = (  # what follows the label of a notice, and not the title of a piece about the markets
    rf"(?:{_WRONG}|(?:earlier|previous|prior|original) version|this {_STORY}|correct(?:ed|s)\b"
    r"|updated|amended|clarif|regret|,? not |rather than|originally|retract|withdr)"
)
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_LABEL}(?=[^\n]{{0,300}}{_SAYS_SO})[^\n]{{8,}}",
        r"Editor[’']?s?[’']? ?[Nn]ote\b[^\n]{0,5}[:–—-](?=[^\n]{0,250}"
        r"(?:\bcorrect(?:ed|s|ion)\b|\bto (?:correct|clarify|fix)\b|incorrect|misstat|misidentif"
        r"|misspell|retract|clarif|erroneous"
        r"|inaccura|in error|amended|(?:earlier|previous|prior) version of this [^\n]{0,60}"
        rf"{_WRONG}|(?:story|article) has been (?:removed|withdrawn)))[^\n]{{8,}}",
        rf"(?:In )?(?:[Aa]n?|[Tt]he) (?:earlier|previous|prior|original) (?:\w+ ){{0,2}}"
        rf"(?:version|headline|caption)s? (?:of|on|to|in) this (?:\w+ ){{0,2}}{_STORY}"
        rf"(?=[^\n]{{0,160}}{_WRONG})[^\n]{{8,}}",
        rf"This (?:[\w.,’'-]+ ){{0,3}}?{_STORY} (?:has been|was|is being|is) (?:since )?(?:\w+ly )?"
        r"(?:corrected|amended|clarified|(?:updated|edited|changed|revised)"
        r"[^.\n]{0,90}?\bto (?:correct|clarify|fix|remove))\b[^\n]*",
        r"This (?:article|story|column|item) (?:has been|was|is) (?:since )?(?:\w+ly )?"
        r"(?:retracted|withdrawn)\b[^\n]*",
        rf"This (?:[\w.,]+ ){{0,3}}?{_STORY} corrects \b[^\n]*",
        r"A (?:correction|clarification) (?:was|has been) (?:made|issued|appended|added|published)"
        r"\b[^\n]*",
        r"(?:The Associated Press|AP|Reuters|AFP|Agence France-Presse|dpa|PA|Bloomberg) has "
        r"(?:withdrawn|retracted) (?:its|this|the|a) (?:story|article|report|item)\b[^\n]*",
        r"(?:Please|PLEASE|Editors:? please|Clients,? please) (?:disregard|kill|withdraw|DISREGARD)"
        r" (?i:the|this|our) (?:[\w-]+ ){0,3}(?i:story|item|article|report|alert)\b[^\n]*",
        r"The (?:story|item)\b[^.\n]{0,160}\b(?:is|has been) (?:withdrawn|retracted)\b[^\n]*",
    )
)
# Wire services write these in brackets or at the very beginning.
_WIRE = tuple(
    re.compile(form, re.MULTILINE)
    for form in (
        r"^\W{0,4}(?P<notice>(?:UPDATE \d+|REFILE)\s*[:–—-][^\n]*)",
        r"^\W{0,4}(?P<notice>Corrects (?!me\b)[^\n]*)",
        r"^\W{0,4}(?P<notice>(?:(?:MANDATORY |BULLETIN |STORY )?(?:KILL|WITHDRAWN|REMOVED"
        r"|RETRACTED)|CORRECTED|ADVISORY WITHDRAWAL)\b[:\s–—-][^\n]*)",
    )
)
_BRACKETED = re.compile(r"[(\[]\s*(?P<notice>(?:[Cc]orrects|Refiles|CORRECTS)\s[^)\]]{4,})")
_OPENING = re.compile(  # a sentence that may be a notice, after the brackets before it
    r"(?:^|(?<=[.!?”\"’)\]*])\s)(?P<before>[\s(\[*_–—-]*)"
    r"(?=Correct|CORRECT|Clarif|CLARIF|Retract|RETRACT|Editor"
    r"|(?:In )?(?:[Aa]n?|[Tt]he) (?:earlier|previous|prior|original|correction|clarif|story|item"
    r"|Associated)|This |AP |Reuters |AFP |Agence |dpa |PA |Bloomberg |Please |PLEASE |Clients)"
)


def find_correction(title: str, body: str) -> str | None:
    """The notice of a correction, retraction or wire update, in the outlet's own words.

    Looked for where outlets put it: in the title, and at the beginning and the end of the body.
    At most 500 characters, cut with an ellipsis. None where there is no notice; a text that only
    mentions a correction has none.
    """
    notice = next(_notices(body), None)
    if notice is not None:
        return _cut(notice)
    label = _TITLE.match(title) or _TITLE_END.search(title)
    return label["label"] if label else None


def _notices(body: str) -> Iterator[str]:
    short = len(body) <= _HEAD + _TAIL
    for number, part in enumerate([body] if short else [body[:_HEAD], body[-_TAIL:]]):
        if not _hinted(part):
            continue
        if number == 0:
            for form in (_BRACKETED, *_WIRE):
                if match := form.search(part[:_HEAD]):
                    yield match["notice"]
        for line in part.splitlines():
            if _hinted(line):
                yield from _in_line(line)


def _hinted(text: str) -> bool:
    for hint in _HINTS:  # noqa: SIM110 (`any` takes longer than the searches themselves)
        if hint in text:
            return True
    return False


def _in_line(line: str) -> Iterator[str]:
    for start in _OPENING.finditer(line):
        for form in _FORMS:
            if match := form.match(line, start.end()):
                yield _unbracketed(match[0], start["before"])


def _unbracketed(notice: str, before: str) -> str:
    """A notice that began with a bracket ends where it closes."""
    opening = before.strip()[-1:]
    closing = {"(": ")", "[": "]"}.get(opening)
    if closing and closing in notice:
        return notice[: notice.index(closing)]
    return notice


def _cut(notice: str) -> str:
    text = " ".join(notice.split()).rstrip("*_")
    if len(text) <= _LONGEST:
        return text
    short = text[:_LONGEST]
    ends = [match.end() for match in re.finditer(r"[.!?][”\"’)]?(?=\s)", short)]
    return short[: ends[-1]] + " …" if ends else short.rsplit(" ", 1)[0] + "…"
