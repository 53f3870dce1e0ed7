"""The names in a text, as far as capitals tell them, and when two are one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.types import Hit
from rag.prompt import heading
from rag.reading.words import STOP_WORDS, words

ANTECEDENT = 400
"""Characters before a passage where the names may stand that its pronouns mean."""

# "xAI" is a name, too.
_CAPITALISED = re.compile(r"(?<!\w)(?:[a-z]?[A-Z][\w&.’'-]*[\w]|[A-Z]\b)")
COMMON = frozenset(
    "ai ceo cfo coo cto inc corp co ltd plc group labs bank energy company county high".split()
)
"""Words of names that tell none apart from another."""
_CEO = "CEO"
"""A post that every company has, and that articles also call "chief" or "boss": no name."""
_ALIASES = {
    **dict.fromkeys(["u.s", "america", "american", "americans"], "us"),
    **dict.fromkeys(["u.k", "britain", "british", "britons"], "uk"),
}


def known_names(text: str, hit: Hit) -> set[str]:
    """The words that a name in `text`, of the hit's passage, may be: its own, those of the heading,
    and those shortly before the passage, which its pronouns may mean."""
    passage = hit.passage
    before = passage.article.body[max(passage.start - ANTECEDENT, 0) : passage.start]
    source = f"{heading(hit)}\n{before}\n{passage.article.author or ''}\n{text}"
    return {alias(word) for word in words(source)}


def names(text: str) -> list[str]:
    """The words of the names in a sentence, lower case: capitalised ones that do not begin it."""
    return [word for name in whole_names(text) for word in name]


def whole_names(text: str) -> list[list[str]]:
    """As `names`, with the words that stand together, such as "Alexandr Wang", in one list."""
    found: list[list[str]] = []
    end = -1
    for match in _CAPITALISED.finditer(text):
        begins = not text[: match.start()].strip("\"'“‘( ")
        kept = [
            alias(word)
            for word in words(match[0])
            if not (word.lower() in STOP_WORDS or word == _CEO or begins or word[0].isdigit())
        ]
        if kept and text[end : match.start()] == " ":
            found[-1] += kept
        elif kept:
            found.append(kept)
        genitive = match[0].endswith(("'s", "’s"))  # "Scale AI's Wang" is two names
        end = match.end() if kept and not genitive else -1
    return found


def telling(name: Sequence[str]) -> list[str]:
    """The words of a name that tell it apart: of "Reality Labs" the first."""
    return [word for word in name if word not in COMMON] or list(name)


def alias(word: str) -> str:
    """A name as it is compared: lower case, without its genitive, one word for one country."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    return _ALIASES.get(word, word)
