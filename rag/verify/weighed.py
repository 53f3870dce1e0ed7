"""What the rules say of a sentence, weighed with what a support model says.

A fault that the rules name stays: no model takes a wrong number or name for right. Where they only
count words, the model may find a free paraphrase supported, or doubt words that say another thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.types import Hit
from rag.support.model import support
from rag.types import Sentence, SupportModel
from rag.verify.fault import SAYS_NOTHING, SAYS_PART
from rag.verify.sentence import facts_held, nearest_citation

DOUBTED = 0.27
"""Of a sentence whose words the passages hold, how likely the model must find it to be supported in
full. Chosen on development claims and right sentences: docs/LOG.md."""
SEEMS_NOT = "the passages do not seem to say all of this"


def weigh(checked: Sentence, hits: Sequence[Hit], model: SupportModel | None) -> Sentence:
    """A sentence that was checked against `hits`, with the verdict of the rules and the model
    together; `support` is then what the model tells."""
    if model is None or not hits:
        return checked
    told = support(checked.text, [hit.passage.text for hit in hits], model)
    weighed = replace(checked, support=round(told, 3))
    if checked.verdict == "supported":
        if told >= DOUBTED:
            return weighed
        return replace(weighed, verdict="partly", why=SEEMS_NOT)
    only_words = checked.why in (SAYS_NOTHING, SAYS_PART)
    if only_words and told >= model.least and facts_held(checked.text, hits):
        cited = checked.citations or (nearest_citation(checked.text, hits),)
        return replace(weighed, verdict="supported", why=None, citations=cited)
    return weighed
