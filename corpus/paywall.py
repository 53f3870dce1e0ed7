"""The first lines of an article that one has to pay for, told from a short article."""

from __future__ import annotations

import re

from corpus.fields import Unreadable

_STUB = 150  # words: a text with as many says enough to be kept, whatever the page asks for
_ASKS = re.compile(
    r"(?:subscribe|register|log ?in|sign (?:in|up)|join) (?:now )?(?:to|for) "
    r"(?:continue|keep|read|unlock|(?:full|unlimited) access|get (?:full|unlimited) access)"
    r"|to (?:continue|keep) reading|(?:this|the) (?:\w+ )?(?:article|content|story) is (?:only )?"
    r"(?:for|available (?:only )?to|exclusive(?:ly)? (?:to|for)|reserved for|locked)(?: \w+){0,3} "
    r"(?:subscribers|members)|subscriber[- ](?:only|exclusive)|(?:for|to) subscribers only"
    r"|already (?:a )?(?:subscribe(?:r|d)|member)\?"
    r"|(?:reached|used) (?:your|the) (?:\w+ )*(?:limit|free articles)|unlock this (?:article|story)"
    r"|start your (?:free )?(?:trial|subscription)|continue reading with a subscription"
    r"|create (?:a|your) free account to",
    re.IGNORECASE,
)


class Paywalled(Unreadable):
    """Only the beginning of the article can be read."""


def check_paywall(text: str, free: bool | None) -> tuple[str, ...]:
    """Notes on an article that is declared not to be free, but is here at some length.

    `text` is the extracted text and `free` what the page declares. Raises `Paywalled` for a text
    under 150 words which the page says is paid for, or which asks the reader to subscribe.
    """
    words = len(text.split())
    if words >= _STUB:
        return ("declared to be paid for; what can be read may end early",) if free is False else ()
    if free is False or (free is None and _ASKS.search(text)):
        raise Paywalled(f"behind a paywall: only {words} words can be read")
    return ()
