"""Notices of corrections and retractions, and texts that only mention such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.corrections import find_correction
from corpus.plain import read_text
from corpus.read import read_articles

STORY = (
    "The port of Vell opened on Monday. Ships came in at noon, and the mayor spoke of a new age."
)


@pytest.mark.parametrize(
    "notice",
    [
        "This article has been corrected.",
        "This article was amended on 13 June 2025 to correct the name of the port.",
        "This story has been updated to correct the number of ships.",
        "This June 13 story has been corrected to say 14, not 41, ships, in paragraph 2.",
        "Correction: An earlier version of this article misstated the number of ships.",
        "CORRECTION: The mayor is Ann Lee, not Ann Li.",
        "Correction, June 13, 2025: The port was closed for four weeks, not five.",
        "Correction 13 June 2025: An earlier version gave the wrong date.",
        "Corrections & Clarifications: A prior version of this story misspelled a name.",
        "Clarification: This story was updated to make clear that the port is small.",
        "A correction was made on June 13, 2025: An earlier version gave the wrong year.",
        "An earlier version of this story incorrectly named the mayor.",
        "Editor's note: This story has been updated to correct the date.",
        "Editor’s Note: A previous version of this article misidentified the mayor.",
        "This article has been retracted.",
        "This story has been withdrawn.",
        "The Associated Press has withdrawn its story about the port of Vell.",
        "Please disregard the story headlined PORT OPENS, which was sent in error.",
    ],
)
@pytest.mark.parametrize("place", ["{notice}\n{story}", "{story}\n\n{notice}", "{story} {notice}"])
def test_a_notice_is_found_before_and_behind_the_text(notice: str, place: str) -> None:
    found = find_correction("Port opens", place.format(notice=notice, story=STORY))
    assert found is not None
    assert found.startswith(notice[:40])


@pytest.mark.parametrize(
    ("body", "notice"),
    [
        ("(Corrects spelling of town\nin line five)\n{}", "Corrects spelling of town in line five"),
        ("{}\n(This story was updated to fix a typo.)", "This story was updated to fix a typo."),
        ("{} (Correction: It is Lee, not Li.) More.", "Correction: It is Lee, not Li."),
        ("UPDATE 2: Adds the mayor's words\n{}", "UPDATE 2: Adds the mayor's words"),
        ("WITHDRAWN: Port opens\n{}", "WITHDRAWN: Port opens"),
    ],
)
def test_the_notice_is_kept_in_the_outlets_words(body: str, notice: str) -> None:
    assert find_correction("Port opens", body.format(STORY)) == notice


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("CORRECTED-Port of Vell opens", "CORRECTED"),
        ("(CORRECTED) - PORT OPENS", "CORRECTED"),
        ("UPDATE 2-Port of Vell opens", "UPDATE 2"),
        ("Correction: Vell port story", "Correction"),
        ("RETRACTED: Port of Vell opens", "RETRACTED"),
        ("Port of Vell opens (corrected)", "corrected"),
    ],
)
def test_the_label_of_a_wires_title_is_a_notice(title: str, label: str) -> None:
    assert find_correction(title, STORY) == label


@pytest.mark.parametrize(
    "mention",
    [
        "The market correction came early, and brokers were glad of it.",
        "Correction officers at the prison spoke of a long night.",
        "Correction: what investors do when shares fall by a tenth",
        "The paper has retracted its claim, the mayor said on Monday.",
        "The company corrected its forecast and withdrew the product.",
        "“This is a correction that was overdue,” she said.",
        "The report has been withdrawn by the ministry, which gave no reason.",
        "Editor's note: Ann Lee is a writer in Vell. The opinions are her own.",
        "Editor’s Note: Sign up for our newsletter about ports.",
        "This story has been updated with new information.",
        "An earlier version of this essay appeared in 2013.",
        "An earlier version of this phone cost less, and it sold better.",
        "Readers who find an error may ask for a correction at desk@vell.example.",
        "The update 2 of the system brought new bugs.",
        "Ships that were removed from the list were not named.",
        "The bill, which the senate has withdrawn, was long.",
    ],
)
def test_a_mention_is_no_notice(mention: str) -> None:
    assert find_correction("Port opens", f"{mention}\n{STORY}\n{mention}") is None


@pytest.mark.parametrize(
    "title", ["Correction fluid is back", "Kill Bill returns", "Update on the port", "Corrections"]
)
def test_a_title_that_is_no_label_is_no_notice(title: str) -> None:
    assert find_correction(title, STORY) is None


def test_a_long_notice_is_cut_where_a_sentence_ends() -> None:
    notice = "Correction: An earlier version was wrong. " + "It named the wrong ship. " * 40
    found = find_correction("Port opens", f"{STORY}\n{notice}")
    assert found is not None
    assert len(found) <= 502
    assert found.endswith("ship. …")


def test_a_text_file_gets_its_correction() -> None:
    text = f"Port opens again\n\n{STORY}\n\nThis article has been corrected."
    assert read_text(text.encode()).article.correction == "This article has been corrected."


def test_json_lines_have_fields_for_updates_and_corrections(tmp_path: Path) -> None:
    line = {"title": "A b", "text": STORY, "updated_at": "June 14, 2025", "correction": "It was."}
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(line))
    [article] = read_articles([file]).articles
    assert (article.updated_at, article.correction) == ("2025-06-14", "It was.")
