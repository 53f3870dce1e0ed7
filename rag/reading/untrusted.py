"""Text of others, made harmless for a prompt, a terminal and the page."""

from __future__ import annotations

import html
import re

# Control characters steer a terminal; the rest is not seen but read by a model: direction marks,
# zero widths, fillers, variation selectors, tags, private use, half characters.
_STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
_PILED = re.compile("([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2})[\u0300-\u036f]+")

_OPENING, _CLOSING = "[［【〔〖〚⟦⁅❲⦋﹝", "]］】〕〗〛⟧⁆❳⦌﹞"
_LESS, _MORE = "＜﹤˂ᐸ❮〈⟨〈❬⧼‹", "＞﹥˃ᐳ❯〉⟩〉❭⧽›"
_PLAIN = str.maketrans(
    {
        **dict.fromkeys(_OPENING, "("),
        **dict.fromkeys(_CLOSING, ")"),
        **dict.fromkeys(_LESS, "<"),
        **dict.fromkeys(_MORE, ">"),
    }
)
# "<5%" and "a > b" stay; no template's token begins so.
_ANGLES = re.compile(r"<(?=[^\s\d])|(?<=[^\s\d])>")
_SQUARE = re.compile(r"\[(/?[^\W\d]{2,})\]")  # "[INST]", but not the "[1]" of a citation


def visible(text: str) -> str:
    """What a reader sees: without what steers a terminal, turns the direction or has no width."""
    return _PILED.sub(r"\1", _UNSEEN.sub("", _STEERING.sub(" ", text)))


def escape(text: str) -> str:
    """As HTML that shows the text, and nothing else."""
    return html.escape(visible(text))


def without_tokens(text: str) -> str:
    """A message without anything that a chat template of any model may have for a token of its
    own, such as `<|im_end|>`, `</s>` or `[INST]`; markers of citations and line breaks stay."""
    return _SQUARE.sub(r"(\1)", _ANGLES.sub("", text))


def as_data(text: str) -> str:
    """Text of others, made unable to pose as a marker, a template's token or a new passage.

    Line breaks become spaces, square brackets round ones, and `<|im_end|>` loses its angles.
    """
    return _ANGLES.sub("", " ".join(visible(text).split()).translate(_PLAIN))
