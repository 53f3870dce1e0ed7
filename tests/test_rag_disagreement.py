"""What articles state differently, by hand-made cases: each kind of value, and each trap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from corpus.article import Article
from index.sentences import sentence_spans
from index.types import Copy, Hit, Passage
from rag.differences.disagreement import Told, tell_differences
from rag.types import Citation, Disagreement, Sentence


def report(
    body: str,
    outlet: str = "The Post",
    published_at: str | None = "2025-06-13",
    title: str = "A report",
    correction: str | None = None,
) -> Article:
    return Article(
        f"{outlet} {published_at} {body[:20]}",
        title,
        body,
        outlet=outlet,
        published_at=published_at,
        correction=correction,
    )


def hit(article: Article, *copies: Copy) -> Hit:
    return Hit(Passage(article, 0, len(article.body)), 1.0, copies=copies)


def tell(
    question: str, answered: Article, *others: Article, said: str | None = None, place: int = 0
) -> Told:
    """What becomes of an answer that quotes sentence `place` of one article, beside others."""
    hits = [hit(article) for article in (answered, *others)]
    return tell_of(question, hits, said, place)


def tell_of(question: str, hits: Sequence[Hit], said: str | None = None, place: int = 0) -> Told:
    body = hits[0].passage.article.body
    start, end = sentence_spans(body)[place]
    citation = Citation(1, hits[0].passage, start, end)
    sentence = Sentence(said or body[start:end], (citation,), "supported", 1.0)
    return tell_differences(question, [sentence], hits[:1], hits)


def found(told: Told) -> Disagreement:
    (disagreement,) = told.disagreements
    return disagreement


def values(told: Told) -> list[str]:
    return [claim.value for claim in found(told).claims]


STAKE = "What stake did Meta take in Scale AI?"
KNOWN = report("Meta bought a 49% stake in Scale AI.", "The Daily", "2025-06-12")
SILENT = report(
    "Meta invests in Scale AI. Meta will own a minority stake, but the exact size was not revealed."
)


class TestAStakeThatOneReportDoesNotReveal:
    def test_both_are_shown_newest_first(self) -> None:
        assert values(tell(STAKE, KNOWN, SILENT)) == ["not revealed", "49%"]

    def test_the_one_is_only_less_exact(self) -> None:
        assert found(tell(STAKE, KNOWN, SILENT)).kind == "compatible"

    def test_the_answer_says_so_with_citations(self) -> None:
        sentence = tell(STAKE, KNOWN, SILENT).sentences[-1]
        assert sentence.marked == (
            "Not all reports are as exact: The Post (13 June 2025) does not reveal the figure; "
            "The Daily (12 June 2025) says 49%. [2][1]"
        )
        assert sentence.verdict == "supported"

    def test_it_is_found_from_the_silent_report_too(self) -> None:
        told = tell(STAKE, SILENT, KNOWN, place=1)
        assert values(told) == ["not revealed", "49%"]

    def test_each_quote_is_the_sentence_that_states_it(self) -> None:
        quotes = [claim.citation.quote for claim in found(tell(STAKE, KNOWN, SILENT)).claims]
        assert quotes == [
            "Meta will own a minority stake, but the exact size was not revealed.",
            "Meta bought a 49% stake in Scale AI.",
        ]

    def test_the_other_passage_is_put_behind_what_was_cited(self) -> None:
        told = tell(STAKE, KNOWN, SILENT)
        assert [h.passage.article.id for h in told.hits] == [KNOWN.id, SILENT.id]
        for claim in found(told).claims:
            assert told.hits[claim.citation.number - 1].passage == claim.citation.passage

    def test_it_is_named_after_the_question(self) -> None:
        assert found(tell(STAKE, KNOWN, SILENT)).about == "the stake"


PAID = "How much did Meta pay for its stake in Scale AI?"
PRICE = report("Meta paid $14.3 billion for a stake in Scale AI.", "The Daily", "2025-06-12")


@pytest.mark.parametrize(
    ("question", "one", "other", "kind"),
    [
        (PAID, PRICE.body, "Meta paid $14.8 billion for its part of Scale AI.", "different"),
        (PAID, PRICE.body, "Meta is paying more than $10 billion for Scale AI.", "compatible"),
        (PAID, PRICE.body, "Meta paid between $14 billion and $15 billion for part of Scale AI.",
         "compatible"),
        (PAID, PRICE.body, "Meta paid between $10 billion and $12 billion for part of Scale AI.",
         "different"),
        (PAID, PRICE.body, "Meta paid $14 billion for part of Scale AI.", "compatible"),
        (STAKE, KNOWN.body, "Meta now holds a 47% stake in Scale AI.", "different"),
        (STAKE, KNOWN.body, "Meta took a stake of about 50% in Scale AI.", "compatible"),
        ("How many people work at Scale AI?", "Scale AI employs 1,400 people.",
         "Scale AI has 1,900 employees.", "different"),
        ("How many people work at Scale AI?", "Scale AI employs 1,480 people.",
         "Scale AI has about 1,500 employees.", "compatible"),
        ("How many people were killed in Vell?", "The flood in Vell killed 14 people.",
         "At least 17 people were killed in Vell, where the flood was worst.", "different"),
        ("When was the Vell bridge built?", "The Vell bridge was built in 1902.",
         "The Vell bridge was built in 1885.", "different"),
        ("When did the Vell mine open?", "The Vell mine opened on 3 May 1999.",
         "The Vell mine opened on 5 May 1999.", "different"),
        ("Who founded Vellcorp?", "Vellcorp was founded by Ana Ruiz.",
         "Vellcorp was founded by Tom Brandt.", "different"),
        ("Who is the chief executive of Vellcorp?", "Ana Ruiz is the chief executive of Vellcorp.",
         "Tom Brandt is the chief executive of Vellcorp.", "different"),
        ("Did Vellcorp sell its mine?", "Vellcorp did sell its mine.",
         "Vellcorp did not sell its mine.", "different"),
        ("Will Vellcorp close the mine?", "Vellcorp will close the mine.",
         "Vellcorp denied that it would close the mine.", "different"),
    ],
)  # fmt: skip
def test_a_difference_is_found(question: str, one: str, other: str, kind: str) -> None:
    told = tell(question, report(one, "The Daily"), report(other))
    assert found(told).kind == kind


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        # the same in another form
        (PAID, PRICE.body, "Meta paid 14.3bn dollars for its part of Scale AI."),
        (PAID, PRICE.body, "Meta paid $14,300 million for part of Scale AI."),
        (PAID, PRICE.body, "Meta paid about $14.3 billion for part of Scale AI."),
        (STAKE, KNOWN.body, "Meta has a 49 per cent stake in Scale AI."),
        ("How much did Vellcorp spend?", "Vellcorp spent $39.2 billion.",
         "Vellcorp spent $39.23 billion."),
        ("When was the Vell bridge built?", "The Vell bridge was built in 1902.",
         "The Vell bridge was built in May 1902."),
        ("Who founded Vellcorp?", "Vellcorp was founded by Ana Ruiz.",
         "Vellcorp was founded by Ana Maria Ruiz."),
        # another measure
        (PAID, PRICE.body, "Investors valued Scale AI, in which Meta has a part, at $29 billion."),
        (PAID, PRICE.body, "Scale AI, which Meta bought into, had sales of $8.7 billion."),
        (STAKE, KNOWN.body, "Sales of Scale AI, in which Meta took a stake, grew by 35%."),
        ("How many people work at Scale AI?", "Scale AI employs 1,400 people.",
         "Scale AI dismissed 200 employees."),
        # another time
        ("What were the sales of Scale AI?", "Scale AI had sales of $870 million last year.",
         "Scale AI expects sales of $2 billion this year."),
        ("What were the sales of Scale AI in 2024?", "Scale AI had sales of $870 million in 2024.",
         "Scale AI had sales of $760 million in 2023."),
        ("How much did Vellcorp spend?", "Vellcorp spent $13 billion in the first quarter.",
         "Vellcorp spent $17 billion in the second quarter."),
        ("How much did Vellcorp spend?", "Vellcorp spent $13 billion in the first quarter.",
         "Vellcorp spent $60 billion."),
        # another deal
        ("How much did Google pay for Windsurf?", "Google paid $2.4 billion for Windsurf.",
         "Google paid $2.7 billion for Character.AI."),
        ("How much did Google pay in the Character.AI deal?",
         "Google paid $2.7 billion in the Character.AI deal.",
         "Windsurf AI went to Google, which paid $2.4 billion."),
        (PAID, PRICE.body, "Amazon bought a part of Anthropic for $8 billion."),
        (PAID, PRICE.body, "Meta and Scale AI were silent. Amazon paid $8 billion to Anthropic."),
        # another currency, another unit
        (PAID, PRICE.body, "Meta paid €12.5 billion for its part of Scale AI."),
        ("How many people work at Scale AI?", "Scale AI employs 1,400 people.",
         "Scale AI has 3,000 servers, which run day and night."),
        # far apart, so most likely another thing
        (PAID, PRICE.body, "Meta paid $300 million to Scale AI for data."),
        # what others said before, or what never came about
        (PAID, PRICE.body, "Bloomberg had put the price that Meta pays Scale AI at $12 billion."),
        (PAID, PRICE.body, "An earlier plan by which Meta pays Scale AI $12 billion collapsed."),
        # a number that counts nothing
        ("How many models has Vellcorp?", "Vellcorp has 7 models.", "Vellcorp trains Llama 4."),
        # a change of office
        ("Who is the chief executive of Vellcorp?", "Ana Ruiz is the chief executive of Vellcorp.",
         "Tom Brandt, the former chief executive of Vellcorp, has a new job."),
        # each thing has a value of its own
        ("What sales had the bigger of Vell and Brant?", "Vell had sales of $1 billion.",
         "Brant and Vell had sales of $2 billion."),
        # negated both times, or of another thing
        ("Did Vellcorp sell its mine?", "Vellcorp did not sell its mine.",
         "Vellcorp never did sell its mine."),
        ("Did Vellcorp sell its mine?", "Vellcorp did sell its mine.",
         "Vellcorp did not pay a dividend."),
        ("Did Meta invest in Scale AI?", "Meta did invest in Scale AI.",
         "Meta will invest in Scale AI, but will not have any voting power."),
        ("Will Vellcorp close the mine?", "Vellcorp will not close the mine.",
         "Vellcorp may close the mine."),
        # asked of one source
        ("How many people work at Scale AI according to Wang?",
         "Wang said that Scale AI employs 1,500 people.", "Scale AI has 1,400 employees."),
        # nothing that rules can compare
        ("Why did Meta invest in Scale AI?", "Meta invested for 49% of the talent.",
         "Meta invested for 48% of the data."),
    ],
)  # fmt: skip
def test_none_is_invented(question: str, one: str, other: str) -> None:
    told = tell(question, report(one, "The Daily"), report(other))
    assert told.disagreements == ()
    assert len(told.sentences) == 1


def test_an_article_that_states_the_answer_elsewhere_agrees() -> None:
    other = report("Meta paid $10 billion to Scale AI in cash. In all it is $14.3 billion.")
    assert tell(PAID, PRICE, other).disagreements == ()


def test_two_figures_of_one_article_are_no_two_voices() -> None:
    both = report("Meta paid $14.3 billion for Scale AI. Meta paid $14.8 billion for Scale AI.")
    assert tell(PAID, both).disagreements == ()


def test_of_two_figures_of_one_article_the_nearest_is_compared() -> None:
    other = report(
        "Meta paid $2 billion to Scale AI at once. Meta pays $14.8 billion for Scale AI."
    )
    assert values(tell(PAID, PRICE, other)) == ["$14.8 billion", "$14.3 billion"]


def test_a_copy_of_a_wire_story_is_no_voice_of_its_own() -> None:
    copy = report("Meta paid $14.8 billion for a stake in Scale AI.", "The Mirror")
    known = hit(PRICE, Copy(copy.id, copy.title, copy.outlet))
    assert tell_of(PAID, [known, hit(copy)]).disagreements == ()


def test_reports_that_agree_are_named_once_in_the_sentence_and_all_in_the_claims() -> None:
    later = report("Meta paid $14.3 billion for Scale AI.", "The Mirror", "2025-06-14")
    other = report("Meta paid $14.8 billion for Scale AI.", "The Herald", "2025-06-11")
    told = tell(PAID, PRICE, later, other)
    assert values(told) == ["$14.3 billion", "$14.3 billion", "$14.8 billion"]
    assert told.sentences[-1].text == (
        "Reports differ: The Mirror (14 June 2025) says $14.3 billion; "
        "The Herald (11 June 2025) says $14.8 billion."
    )


def test_what_names_no_time_is_of_its_reports_year() -> None:
    old = report("Scale AI has 900 employees.", published_at="2022-03-01")
    new = report("Scale AI employs 1,400 people.", "The Daily")
    assert tell("How many people work at Scale AI?", new, old).disagreements == ()


class TestCorrections:
    WRONG = report("Meta bought a 47% stake in Scale AI.", "The Daily", "2025-06-12")
    NOTICE = "Correction: An earlier version misstated the stake as 47%."
    RIGHT = report(
        f"Meta bought a 49% stake in Scale AI. {NOTICE}", "The Daily", "2025-06-14", "A", NOTICE
    )

    def test_what_its_outlet_put_right_no_longer_stands(self) -> None:
        told = tell(STAKE, self.RIGHT, self.WRONG)
        assert [(claim.value, claim.note) for claim in found(told).claims] == [
            ("49%", None),
            ("47%", "corrected by the outlet on 14 June 2025"),
        ]
        assert found(told).kind == "corrected"

    def test_the_sentence_says_so(self) -> None:
        assert tell(STAKE, self.RIGHT, self.WRONG).sentences[-1].text == (
            "An earlier report no longer stands: The Daily (14 June 2025) says 49%; "
            "The Daily (12 June 2025) said 47%, corrected by the outlet on 14 June 2025."
        )

    def test_a_correction_of_a_spelling_puts_no_figure_right(self) -> None:
        notice = "Correction: An earlier version misspelled the name of Ana Ruiz."
        spelt = replace(self.RIGHT, body="Meta bought a 49% stake in Scale AI.", correction=notice)
        assert found(tell(STAKE, spelt, self.WRONG)).kind == "different"

    def test_another_outlets_correction_puts_nothing_right_here(self) -> None:
        other = replace(self.WRONG, outlet="The Post")
        assert found(tell(STAKE, self.RIGHT, other)).kind == "different"

    def test_the_error_that_a_notice_repeats_is_not_stated(self) -> None:
        notice = "Correction: Meta holds a stake of 49% in Scale AI, not 47%."
        body = f"Meta invests in Scale AI. {notice}"
        told = tell(STAKE, KNOWN, report(body, correction=notice))
        assert told.disagreements == ()

    def test_a_withdrawn_report_says_so(self) -> None:
        gone = replace(self.WRONG, outlet="The Post", correction="RETRACTED: see the new story")
        assert [c.note for c in found(tell(STAKE, KNOWN, gone)).claims] == [
            None,
            "withdrawn by the outlet",
        ]


class TestHostileText:
    def test_an_outlets_name_cannot_pose_as_a_marker(self) -> None:
        told = tell(STAKE, KNOWN, report("Meta holds a 47% stake in Scale AI.", "Post [9]\n[8]"))
        assert "Post (9) (8) (13 June 2025) says 47%" in told.sentences[-1].text

    def test_a_long_name_is_cut(self) -> None:
        told = tell(STAKE, KNOWN, report("Meta holds a 47% stake in Scale AI.", "Post " * 500))
        assert len(told.sentences[-1].text) < 250

    def test_a_report_without_outlet_or_date_goes_by_its_title(self) -> None:
        bare = Article("bare", "What Meta holds", "Meta holds a 47% stake in Scale AI.")
        assert "“What Meta holds” says 47%" in tell(STAKE, KNOWN, bare).sentences[-1].text


def test_a_sentence_of_capitals_takes_no_time_to_read() -> None:
    """A pattern that tries every way of parting the letters would not come to an end."""
    other = report("Meta holds a 47% stake in Scale AI. " + "A" * 900 + " stake of 48% it took.")
    assert values(tell(STAKE, KNOWN, other)) == ["47%", "49%"]


def test_a_refusal_tells_no_differences() -> None:
    assert tell_differences(STAKE, [], [hit(KNOWN)], [hit(SILENT)]).sentences == ()


def test_a_question_without_capitals_is_compared_all_the_same() -> None:
    assert values(tell("what stake did meta take in scale ai?", KNOWN, SILENT)) == [
        "not revealed",
        "49%",
    ]


def test_a_follow_up_asks_what_its_last_question_asks() -> None:
    query = "How much did Meta pay for Scale AI? And what stake did it take?"
    assert values(tell(query, KNOWN, SILENT)) == ["not revealed", "49%"]


class TestASilenceWhereTheQuestionNamesOnePartyOnly:
    ASKED = "What stake did Meta take?"

    def test_of_the_party_that_the_answer_speaks_of(self) -> None:
        one = report("Scale AI is sold in part. Meta bought a 49% stake in it.", "The Daily")
        other = report("Meta will hold a stake in Scale AI, but the size was not revealed.")
        told = tell(self.ASKED, one, other, place=1)
        assert "The Post (13 June 2025) does not reveal the figure" in told.sentences[-1].text

    def test_of_another_party(self) -> None:
        other = report("Meta will hold a stake in Vellcorp, but the size was not revealed.")
        assert tell(self.ASKED, KNOWN, other).disagreements == ()


class TestChangesOverTime:
    LED = "Who is the chief executive of Scale AI?"
    WANG = report("Alexandr Wang is the chief executive of Scale AI.", "The Daily", "2025-06-02")
    NAMED = report("Jason Droege was named chief executive of Scale AI.", "Wire", "2025-06-13")

    def test_who_came_after_whom_is_told_with_the_month(self) -> None:
        told = tell(self.LED, self.NAMED, self.WANG)
        assert found(told).kind == "changed"
        assert values(told) == ["Jason Droege", "Alexandr Wang"]
        assert told.sentences[-1].text == (
            "It changed: until June 2025 Alexandr Wang, says The Daily (2 June 2025); "
            "since then Jason Droege, says Wire (13 June 2025)."
        )
        assert [c.quote for c in told.sentences[-1].citations] == [self.WANG.body, self.NAMED.body]

    def test_the_month_that_the_later_report_names(self) -> None:
        named = report(
            "Jason Droege was named chief executive of Scale AI in May.", "Wire", "2025-06-13"
        )
        wang = replace(self.WANG, published_at="2025-03-02")
        assert "until May 2025 Alexandr Wang" in tell(self.LED, named, wang).sentences[-1].text

    def test_no_month_is_made_up(self) -> None:
        wang = replace(self.WANG, published_at="2025-03-02")
        assert tell(self.LED, self.NAMED, wang).sentences[-1].text == (
            "It changed: first Alexandr Wang, says The Daily (2 March 2025); "
            "later Jason Droege, says Wire (13 June 2025)."
        )

    def test_a_month_before_the_earlier_report_is_of_another_thing(self) -> None:
        named = report(
            "Jason Droege was named chief executive of Scale AI, which he joined in May 2024.",
            "Wire",
            "2025-06-13",
        )
        assert "until June 2025" in tell(self.LED, named, self.WANG).sentences[-1].text

    @pytest.mark.parametrize(
        ("body", "published_at"),
        [
            ("Jason Droege is the chief executive of Scale AI.", "2025-06-13"),  # no change told
            (NAMED.body, "2025-06-02"),  # the same day
            (NAMED.body, "2025-06-01"),  # before the other report
            (NAMED.body, None),
        ],
    )
    def test_otherwise_reports_differ(self, body: str, published_at: str | None) -> None:
        other = report(body, "Wire", published_at)
        assert found(tell(self.LED, other, self.WANG)).kind == "different"

    def test_a_third_value_is_no_change(self) -> None:
        third = report("Ana Ruiz is the chief executive of Scale AI.", "Post", "2025-06-01")
        assert found(tell(self.LED, self.NAMED, self.WANG, third)).kind == "different"

    def test_a_figure_that_moved(self) -> None:
        before = report("Scale AI has 1,400 employees.", "The Daily", "2025-06-02")
        after = report("Scale AI's workforce rose to 1,500 employees.", "Wire", "2025-06-20")
        told = tell("How many employees does Scale AI have?", after, before)
        assert told.sentences[-1].text == (
            "It changed: until June 2025 1,400, says The Daily (2 June 2025); "
            "since then 1,500, says Wire (20 June 2025)."
        )
