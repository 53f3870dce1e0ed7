"""A request, or the key words of one, put as the question that it is."""

from __future__ import annotations

import re

_REQUEST = re.compile(
    r"\A(?:(?:please|kindly|hello|hi)\b,? )*"
    r"(?:(?:can|could|would|will) you (?:please |kindly )?"
    r"(?:tell me|let me know|specify|state|indicate|say|name|give me|find out)"
    r"|(?:tell me|let me know|specify|state|indicate|give me)"
    r"|i(?: would|[’']d)? (?:like|want|need|wish) to (?:know|learn|find out)"
    r"|(?:do you|does anybody|does anyone) know)\b,? +(?:about )?",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\b(?:who|whom|whose|what|which|when|where|why|how)\b", re.IGNORECASE)
# A verb tells a sentence, or a question that yes or no answers, from key words.
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|do|does|did|has|have|had|will|would|can|could|shall|should|may"
    r"|might|must)\b",
    re.IGNORECASE,
)
_DETERMINED = re.compile(r"\A(?:the|a|an|its|his|her|their|this|that|all|any)\b|\A[A-Z]")
_WHETHER = re.compile(r"(?:if|whether)\b", re.IGNORECASE)
_MOST_KEY_WORDS = 10


def as_question(request: str) -> str:
    """The question in a request, or that after the thing which its key words name.

    "Could you tell me who leads Scale AI?" asks who leads it, and "size of Meta's stake" what it
    is. Anything else is left as it is.
    """
    rest = _REQUEST.sub("", request)
    requested = rest != request
    if _ASKS.search(rest):
        return f"{rest[:1].upper()}{rest[1:].rstrip(' .?!')}?" if requested else request
    is_thing = len(rest.split()) > 1 and not _VERB.search(rest) and not _WHETHER.match(rest)
    if not is_thing or not (requested or _is_key_words(rest)):
        return request
    thing = rest.rstrip(" .?!")
    return f"What is {thing if _DETERMINED.match(thing) else f'the {thing}'}?"


def _is_key_words(text: str) -> bool:
    return not text.endswith(("?", ".", "!")) and len(text.split()) <= _MOST_KEY_WORDS
