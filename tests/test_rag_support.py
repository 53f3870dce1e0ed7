"""What of long texts is read for a claim, and how rules and model are weighed."""

from __future__ import annotations

from deal import CHIEF, DEAL
from fakes import ScriptedSupport

from index.types import Hit, Passage
from rag.markers import DraftSentence
from rag.support.model import READ, nearest, support
from rag.types import Sentence
from rag.verify import check
from rag.verify.weighed import weigh

LONG = "Nothing of it is told here, in one sentence after the other. " * 20


def test_texts_are_told_as_one() -> None:
    model = ScriptedSupport(0.9)
    assert support("The ferry runs.", ["A ferry runs.", "Daily."], model) == 0.9
    assert model.asked == [("The ferry runs.", ("A ferry runs. ... Daily.",))]


def test_of_long_texts_the_parts_that_share_most_with_the_claim_are_read_in_their_order() -> None:
    texts = [
        f"{LONG}The crossing takes 25 minutes. {LONG}",
        f"{LONG} The ferry line opened in March. {LONG}",
    ]
    found = nearest("The ferry line opened in March, and the crossing takes 25 minutes.", texts)
    assert len(found) <= READ + len(" ... ")
    assert found.index("25 minutes") < found.index("ferry line opened")


def test_a_sentence_longer_than_what_is_read_is_cut() -> None:
    assert len(nearest("The ferry.", ["The ferry " + "and the train " * 200])) == READ


def checked(text: str) -> tuple[Sentence, list[Hit]]:
    hits = [Hit(Passage(one, 0, len(one.body)), 1.0) for one in (DEAL, CHIEF)]
    return check(DraftSentence(text, ()), hits), hits


def test_without_a_model_the_rules_stand() -> None:
    sentence, hits = checked("The group now owns almost half of a start-up.")
    assert weigh(sentence, hits, None) is sentence


def test_a_fault_that_the_rules_name_stands_whatever_the_model_says() -> None:
    sentence, hits = checked("Meta paid $14.3 billion for a stake of 51% in Scale AI.")
    weighed = weigh(sentence, hits, ScriptedSupport(1.0))
    assert (weighed.verdict, weighed.why) == ("unsupported", "the passage does not say 51%")


def test_a_free_paraphrase_that_the_model_finds_supported_is_and_cites_its_sentence() -> None:
    sentence, hits = checked("The group now owns about half of the business.")
    assert sentence.verdict == "unsupported"
    weighed = weigh(sentence, hits, ScriptedSupport(0.9))
    assert (weighed.verdict, weighed.why, weighed.support) == ("supported", None, 0.9)
    assert len(weighed.citations) == 1
    assert weigh(sentence, hits, ScriptedSupport(0.4)).verdict == "unsupported"


def test_no_model_finds_a_name_or_a_number_that_the_passages_lack() -> None:
    for text in ("The group now owns 61% of the business.", "Friends of Altman own the business."):
        sentence, hits = checked(text)
        assert weigh(sentence, hits, ScriptedSupport(1.0)).verdict == "unsupported", text


def test_words_that_the_model_doubts_are_supported_in_part() -> None:
    sentence, hits = checked("The stake carries no voting power.")
    assert sentence.verdict == "supported"
    weighed = weigh(sentence, hits, ScriptedSupport(0.05))
    assert weighed.verdict == "partly"
    assert weighed.why == "the passages do not seem to say all of this"
    assert weigh(sentence, hits, ScriptedSupport(0.3)).verdict == "supported"


def test_a_sentence_without_passages_is_not_put_to_the_model() -> None:
    model = ScriptedSupport(1.0)
    sentence = check(DraftSentence("It runs daily.", ()), [])
    assert weigh(sentence, [], model) is sentence
    assert model.asked == []
