"""The checker of answers: is each sentence what the passages say? By rules and, where one is given,
a support model beside them (weighed.py).

`check` takes one sentence of a draft with the passages it was written from; `check_answer` a whole
text with anybody's articles.
"""

from rag.verify.answer import Sources, check_answer
from rag.verify.names import COMMON, alias, known_names, names, telling, whole_names
from rag.verify.polarity import marks
from rag.verify.sentence import check

__all__ = [
    "COMMON",
    "Sources",
    "alias",
    "check",
    "check_answer",
    "known_names",
    "marks",
    "names",
    "telling",
    "whole_names",
]
