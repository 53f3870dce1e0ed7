"""What a page puts around and between an article's paragraphs: cookie banners, links to others."""

from __future__ import annotations

import re
from typing import Any

_LONGEST_BANNER = 1_500  # characters; more than that is no banner
_CONSENT_BOX = re.compile(
    r"cookie-?_?(?:banner|consent|notice|bar|popup|law|policy|message|wall)|consent-?_?(?:banner|"
    r"popup|manager|modal|overlay)|onetrust|didomi|gdpr|cookiebot|usercentrics|truste",
    re.IGNORECASE,
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d])"
    r"|font-size\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_PRIVACY = re.compile(r"\b(?:cookies?|consent|privacy)\b", re.IGNORECASE)
_CONSENT_LINE = re.compile(
    r"(?:we|this (?:web)?site|our (?:web)?site) (?:and our (?:\w+ )?partners )?uses? cookies\b"
    r"(?=.*\b(?:accept|consent|agree|settings|preferences|polic(?:y|ies)|continu|experience)\b).{0,380}$",
    re.IGNORECASE,
)
_MORE = (
    r"(?:read(?: more| also| next| on| this)?|also read|see also|watch(?: also| more)?|listen|more"
    r"|related(?: (?:article|story|stories|content|coverage|reading|news|video)s?)?|recommended"
    r"|don[’']t miss|further reading|you (?:may|might) also like)"
)
_LINK_LABEL = re.compile(rf"\W*{_MORE}\s*[:|»>–—-]+\s*(?P<rest>.*)$", re.IGNORECASE | re.DOTALL)
_LINK_ONLY = re.compile(rf"\W*(?:{_MORE})\b", re.IGNORECASE)
# Without the link itself: a label in capitals, or one of two words that no sentence begins with.
_LABEL_LINE = re.compile(
    r"(?:READ(?: MORE| ALSO| NEXT)?|ALSO READ|SEE ALSO|RELATED(?: (?:ARTICLE|STORY|STORIES))?|MORE"
    r"|WATCH(?: MORE)?|Read also|Also read|Read more|Read next|See also|Related (?:article|story))"
    r"\s*:\s*(?P<rest>.*)$"
)
_MOST_WORDS = 25  # of the headline behind a label
_ENDS_SENTENCE = re.compile(r"[.!…][\"”’)]*$")
_FIXTURES = {
    "advertisement", "advertising", "story continues below advertisement", "sponsored content",
    "article continues after advertisement", "article continues below advertisement",
    "share this article", "share this story", "accept all cookies", "manage cookie preferences",
    "skip advertisement", "scroll to continue", "continue reading below", "read more",
}  # fmt: skip
_BLOCKS = ("p", "li", "div", "aside", "h2", "h3", "h4", "h5", "h6")


def prune(tree: Any) -> None:
    """Take cookie banners, links to other articles and what no reader sees out of an HTML tree.

    A block goes only when it is small and holds little but the banner or the link; nothing that
    holds a heading of the page or an article does.
    """
    for element in list(tree.iter("div", "section", "aside", "form", "dialog")):
        if element.getparent() is not None and _is_banner(element):
            _drop(element)
    for element in list(tree.iter(*_BLOCKS, "span", "section", "font")):
        if element.getparent() is not None and _is_hidden(element):
            _drop(element)
    for element in list(tree.iter(*_BLOCKS)):
        if element.getparent() is not None and _is_link_to_other(element):
            _drop(element)


def clean_lines(text: str) -> str:
    """The lines of an extracted text without those that only lead elsewhere.

    Gone are "READ: ..." and "Read also: ..." with a headline behind, which does not end like a
    sentence; lone words such as "Advertisement"; and a line about the site's own cookies.
    """
    return "\n".join(line for line in text.split("\n") if not _leads_elsewhere(line.strip()))


def _leads_elsewhere(line: str) -> bool:
    if line.casefold().rstrip(":") in _FIXTURES or _CONSENT_LINE.match(line):
        return True
    match = _LABEL_LINE.match(line.lstrip("-*•▶► "))
    if match is None or _ENDS_SENTENCE.search(match["rest"]):
        return False
    return len(match["rest"].split()) <= _MOST_WORDS


def _is_banner(element: Any) -> bool:
    names = f"{element.get('id', '')} {element.get('class', '')} {element.get('aria-label', '')}"
    if not _CONSENT_BOX.search(names):
        return False
    text = element.text_content()
    holds_article = next(element.iter("article", "main", "h1"), None) is not None
    return len(text) < _LONGEST_BANNER and not holds_article and bool(_PRIVACY.search(text))


def _is_hidden(element: Any) -> bool:
    """Whether a reader never sees a short text; a long one may be uncovered by a script."""
    if element.get("hidden") is None and not _HIDING.search(element.get("style") or ""):
        return False
    holds_article = next(element.iter("article", "main", "h1"), None) is not None
    return len(element.text_content()) < _LONGEST_BANNER and not holds_article


def _is_link_to_other(element: Any) -> bool:
    """Whether a block says "Read also" or the like and the rest of it is a link."""
    if next((child for child in element.iter(*_BLOCKS) if child is not element), None) is not None:
        return False
    text = " ".join(element.text_content().split())
    if not text or len(text.split()) > _MOST_WORDS + 4:
        return False
    linked = sum(len(" ".join(link.text_content().split())) for link in element.iter("a"))
    if match := _LINK_LABEL.match(text):
        return bool(match["rest"]) and linked >= 0.5 * len(match["rest"])
    return linked >= 0.9 * len(text) and bool(_LINK_ONLY.match(text))


def _drop(element: Any) -> None:
    """Remove an element, and keep the text behind it."""
    element.drop_tree()
