"""Each kind of fault that the checker catches, and right sentences that look like one."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.markers import DraftSentence
from rag.types import Sentence
from rag.verify import check

BODY = (
    "Meta bought 49% of Scale AI for $14.3 billion last Thursday. It will not have any voting "
    "power in the company, a spokesperson said. Alexandr Wang founded the startup with Lucy Guo "
    "in 2016 and employs more than 1,500 people. Jason Droege replaced Wang on 12 June. "
    'He called the step "the end of a great year". Scale AI reportedly lost two customers. '
    "Sales are expected to reach $2 billion in London next year. Uber denied that it sued Meta. "
    "OpenAI may leave the market, and Google declined to comment."
)


def checked(claim: str, body: str = BODY, published: str | None = "2025-06-14") -> Sentence:
    article = Article("a", "A deal", body, published_at=published)
    return check(DraftSentence(claim, (1,)), [Hit(Passage(article, 0, len(body)), 1.0)])


@pytest.mark.parametrize(
    "claim",
    [
        "Meta bought 49 per cent of Scale AI for $14.3bn.",
        "Meta bought 49% of Scale AI for 14,300 million dollars.",
        "Meta bought 49% of Scale AI for about $14 billion.",
        "Meta bought 49% of Scale AI on 12 June 2025.",
        "Meta bought 49% of Scale AI on June 12, 2025.",
        "On 2025-06-12 Meta bought 49% of Scale AI.",
        "Meta bought 49% of Scale AI in June 2025.",
        "Jason Droege replaced Wang on June 12, 2025.",
        "Droege replaced Alexandr Wang.",
        "Wang was replaced by Jason Droege.",
        "49% of Scale AI was bought by Meta.",
        "It won't have voting power in the company.",
        "It will have no voting power in the company.",
        "Scale AI reportedly lost 2 customers.",
        "Droege called the step “the end of a great  year.”",
        "Sales may reach $2 billion in 2026.",
        "The startup employs over 1,500 people.",
        "Uber did not sue Meta.",
        "Google did not comment.",
        "Meta bought 49% of Scale AI; it will not have voting power in the company.",
    ],
)
def test_right_in_other_words(claim: str) -> None:
    found = checked(claim)
    assert (found.verdict, found.why) == ("supported", None)


@pytest.mark.parametrize(
    "claim",
    [
        # Numbers, percentages and units, also those of another sentence.
        "Meta bought 49% of Scale AI for $14.8 billion.",
        "Meta bought 49% of Scale AI for $2 billion.",
        "Meta bought 51% of Scale AI for $14.3 billion.",
        "Meta bought 49% of Scale AI for $14.3 million.",
        "Scale AI reportedly lost three customers.",
        # Dates.
        "Meta bought 49% of Scale AI on 13 June 2025.",
        "Meta bought 49% of Scale AI next Thursday.",
        "Meta bought 49% of Scale AI in July.",
        "Alexandr Wang founded the startup with Lucy Guo in 2025.",
        "Sales are expected to reach $2 billion in 2025.",
        # Names and places, of the passage and not.
        "Google bought 49% of Scale AI for $14.3 billion.",
        "Anthropic bought 49% of Scale AI for $14.3 billion.",
        "Jason Droege founded the startup with Lucy Guo in 2016.",
        "Sales are expected to reach $2 billion in Paris next year.",
        # Roles.
        "Scale AI bought 49% of Meta for $14.3 billion.",
        "Meta was bought by Scale AI for $14.3 billion.",
        "Wang replaced Jason Droege on 12 June.",
        "Jason Droege was replaced by Wang on 12 June.",
        "Lucy Guo denied that it sued Meta.",
        # Negations.
        "It will have voting power in the company.",
        "Meta has not bought 49% of Scale AI.",
        "Uber sued Meta.",
        "Google commented.",
        # Quotations.
        'He called the step "the end of a good year".',
        'He called the step "a great end of the year".',
        "The startup employs less than 1,500 people.",
    ],
)
def test_wrong(claim: str) -> None:
    found = checked(claim)
    assert found.verdict == "unsupported"
    assert found.why


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("Scale AI lost two customers.", "the passage says “reportedly lost two customers”"),
        ("OpenAI will leave the market.", "the passage says “may leave the market”"),
        ("Sales will reach $2 billion next year.", "expected to reach"),
        ("The startup employs 1,500 people.", "the passage says more than 1,500"),
    ],
)
def test_a_dropped_hedge_is_partly_right(claim: str, why: str) -> None:
    found = checked(claim)
    assert found.verdict == "partly"
    assert why in (found.why or "")


def test_the_reason_names_the_number() -> None:
    assert checked("Meta bought 51% of Scale AI.").why == "the passage does not say 51%"


def test_the_reason_names_what_stands_there_instead() -> None:
    why = checked("Meta bought 49% of Scale AI for $2 billion.").why
    assert why == "the passage says $14.3 billion, not $2 billion"


def test_nothing_like_it() -> None:
    assert checked("The weather was fine in Rome.").why == "no passage says this"


def test_without_a_day_a_relative_date_is_compared_as_it_stands() -> None:
    assert checked("Meta bought 49% of Scale AI last Thursday.", published=None).why is None
    assert checked("Meta bought 49% of Scale AI last Friday.", published=None).why


@pytest.mark.parametrize(
    ("claim", "body"),
    [
        ("Microsoft signed a contract with Constellation.", "Constellation signed a contract with "
         "Microsoft."),
        ("Scale AI gets $14 billion from Meta.", "Meta pays $14 billion to Scale AI, which gets it "
         "soon."),
        ("Mark Zuckerberg is the chief executive of Meta.", "Meta's chief executive is Mark "
         "Zuckerberg."),
        ("Amazon and Microsoft fund the plant.", "Microsoft and Amazon fund the plant."),
        ("The plant runs for 20 years.", "The plant runs for over 20 years."),
        ("In March the plant may close.", "The plant may close in March."),
    ],
)  # fmt: skip
def test_turned_round_and_still_right(claim: str, body: str) -> None:
    assert checked(claim, body).verdict == "supported"


def test_a_sentence_of_the_passage_is_never_flagged() -> None:
    for sentence in BODY.split(". "):
        assert checked(sentence.rstrip(".") + ".").verdict == "supported", sentence


def test_another_number_in_the_nearest_sentence_outweighs_the_same_number_elsewhere() -> None:
    near = Article("a", "", "Investors put the value of the company at $10 billion on Friday.")
    far = Article("b", "", "The value of the company rose. Investors paid $25 billion for others.")
    hits = [Hit(Passage(one, 0, len(one.body)), 1.0) for one in (near, far)]
    claim = DraftSentence("Investors put the value of the company at $25 billion.", ())
    assert check(claim, hits).verdict == "unsupported"


QUARTERS = "Meta's revenue in the first quarter rose to $42.31 billion, from $36.46 billion."
MONTHS = "From January to March Meta took in $42.31 billion, up from $36.46 billion."


@pytest.mark.parametrize("body", [QUARTERS, MONTHS])
@pytest.mark.parametrize("when", ["the first quarter of 2025", "Q1 2025", "the first quarter"])
def test_a_quarter_in_other_words(body: str, when: str) -> None:
    claim = f"In {when} Meta's revenue was $42.31 billion."
    assert checked(claim, body, published="2025-05-01").verdict == "supported"


@pytest.mark.parametrize("body", [QUARTERS, MONTHS])
@pytest.mark.parametrize("when", ["third quarter of 2025", "Q2 2025", "first half of 2025"])
def test_another_quarter(body: str, when: str) -> None:
    claim = f"Meta's revenue in the {when} was $42.31 billion."
    found = checked(claim, body, published="2025-05-01")
    assert (found.verdict, found.why) == ("unsupported", f"the passage does not say {when}")


SALE = "OpenAI is buying io, which Jony Ive of Apple's old team began, for nearly $6.5 billion."
BOUGHT = "Adept was bought by Amazon. Cognition has bought Windsurf for an undisclosed sum."


@pytest.mark.parametrize(
    ("claim", "body", "other"),
    [
        ("Google paid nearly $6.5 billion.", SALE, "OpenAI"),
        ("Amazon has bought Windsurf.", "Cognition has bought Windsurf.", "Cognition"),
    ],
)
def test_another_does_it(claim: str, body: str, other: str) -> None:
    found = checked(claim, f"{body} Nothing was heard of Google, Amazon, Cognition and OpenAI.")
    assert (found.verdict, found.why) == ("unsupported", f"the passage says {other}")


@pytest.mark.parametrize(
    ("claim", "body"),
    [
        ("OpenAI paid nearly $6.5 billion.", SALE),
        ("Amazon bought Adept.", BOUGHT),
        ("Adept was bought by Amazon.", BOUGHT),
        ("Windsurf was bought by Cognition.", BOUGHT),
    ],
)
def test_the_same_one_does_it(claim: str, body: str) -> None:
    assert checked(claim, body).verdict == "supported"


def test_a_pronoun_may_mean_the_name_that_faces_it() -> None:
    body = "Wang left a university after a year. With Lucy Guo he founded Scale AI in 2016."
    assert checked("Wang founded Scale AI in 2016.", body).verdict == "supported"


def test_a_chief_is_a_ceo() -> None:
    body = "Jason Droege becomes the new chief of Scale AI."
    assert checked("Jason Droege is the new CEO of Scale AI.", body).verdict == "supported"
