"""Conversations that last, what is kept of a turn, and the files to take away; no browser."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import ARTICLE, CHIEF, HOSTILE, PAID, asked, cite, done, hit

from corpus.errors import BylineError
from index.types import Copy
from page.conversations import LONGEST_TITLE, Conversations, new_owner
from page.evidence import render_evidence
from page.export import as_json, as_markdown
from page.history_view import owner_of
from page.kept import from_json, to_json
from page.render import render_exchange
from rag.database.connect import Database
from rag.types import Claim, Disagreement, Done, Found
from rag.who import Who

ANN, BEN = new_owner(), new_owner()


@pytest.fixture
def kept(database: Database) -> Conversations:
    return Conversations(database)


def keep(kept: Conversations, owner: str, question: str, id_: str | None = None, n: int = 1) -> str:
    return kept.keep(owner, id_, n, question, question, f'"{question}"')


def titles(kept: Conversations, owner: str, words: str = "") -> list[str]:
    return [entry.title for entry in kept.entries(owner, words)]


class TestConversations:
    def test_a_chat_is_named_by_its_first_question(self, kept: Conversations) -> None:
        id_ = keep(kept, ANN, "  What did\nit pay? ")
        keep(kept, ANN, "And who?", id_, 2)
        assert titles(kept, ANN) == ["What did it pay?"]

    def test_a_long_name_is_cut(self, kept: Conversations) -> None:
        keep(kept, ANN, "word " * 100)
        [title] = titles(kept, ANN)
        assert len(title) <= LONGEST_TITLE

    def test_nobody_sees_or_touches_what_another_has(self, kept: Conversations) -> None:
        id_ = keep(kept, ANN, "What?")
        assert titles(kept, BEN) == []
        assert kept.open(BEN, id_) is None
        for touch in (
            lambda: keep(kept, BEN, "Mine?", id_, 2),
            lambda: kept.rename(BEN, id_, "Mine"),
            lambda: kept.share(BEN, id_),
            lambda: kept.unshare(BEN, id_),
            lambda: kept.delete(BEN, id_),
        ):
            with pytest.raises(BylineError, match="not there any more"):
                touch()
        assert kept.open(ANN, id_).turns == ('"What?"',)  # type: ignore[union-attr]

    def test_words_are_found_in_names_and_turns_whatever_their_case(
        self, kept: Conversations
    ) -> None:
        keep(kept, ANN, "What did META pay for ÖBB?")
        keep(kept, ANN, "Who leads?")
        assert titles(kept, ANN, "öbb meta") == ["What did META pay for ÖBB?"]
        assert titles(kept, ANN, "100% _") == []

    def test_words_are_looked_for_as_they_are_written(self, kept: Conversations) -> None:
        keep(kept, ANN, "Was kostet 100% der_STRASSE\\/?")
        keep(kept, ANN, "Was kostet 1000 der Gasse?")
        for words in ("100%", "der_s", "straße\\", "\\/", "/?", "KOSTET %"):
            assert titles(kept, ANN, words) == ["Was kostet 100% der_STRASSE\\/?"]
        assert titles(kept, ANN, "'; DROP TABLE turns; --") == []
        assert len(titles(kept, ANN, "kostet")) == 2

    def test_the_one_used_last_stands_first(self, kept: Conversations) -> None:
        first = keep(kept, ANN, "One?")
        keep(kept, ANN, "Two?")
        keep(kept, ANN, "And?", first, 2)
        assert titles(kept, ANN) == ["One?", "Two?"]

    def test_a_link_shows_what_there_was_when_it_was_made(self, kept: Conversations) -> None:
        id_ = keep(kept, ANN, "One?")
        token = kept.share(ANN, id_)
        keep(kept, ANN, "Two?", id_, 2)
        assert kept.shared(token).turns == ('"One?"',)  # type: ignore[union-attr]
        assert kept.share(ANN, id_) == token
        assert kept.shared(token).turns == ('"One?"', '"Two?"')  # type: ignore[union-attr]

    def test_a_link_ends_with_its_chat_or_before(self, kept: Conversations) -> None:
        id_ = keep(kept, ANN, "One?")
        first = kept.share(ANN, id_)
        kept.unshare(ANN, id_)
        second = kept.share(ANN, id_)
        kept.delete(ANN, id_)
        assert first != second
        assert kept.shared(first) is kept.shared(second) is None

    def test_a_name_can_be_changed_and_not_taken_away(self, kept: Conversations) -> None:
        id_ = keep(kept, ANN, "One?")
        kept.rename(ANN, id_, "The price")
        with pytest.raises(BylineError, match="needs a name"):
            kept.rename(ANN, id_, "  ")
        assert titles(kept, ANN) == ["The price"]

    def test_without_a_database_they_last_as_long_as_this(self) -> None:
        with closing(Conversations()) as kept:
            id_ = keep(kept, ANN, "One?")
            assert kept.open(ANN, id_) is not None
        with closing(Conversations()) as kept:
            assert kept.open(ANN, id_) is None

    def test_they_last(self, tmp_path: Path) -> None:
        file = tmp_path / "new" / "chats.sqlite"
        with closing(Conversations(Database(file))) as kept:
            id_ = keep(kept, ANN, "One?")
        with closing(Conversations(Database(file))) as kept:
            assert kept.open(ANN, id_) is not None

    def test_a_file_that_is_none_is_one_sentence(self, tmp_path: Path) -> None:
        file = tmp_path / "chats.sqlite"
        file.write_text("This is no database, and long enough to be seen as none. " * 50)
        with pytest.raises(BylineError, match=r"chats\.sqlite cannot be used"):
            Conversations(Database(file))


def whole() -> Done:
    """An answer with all that one can have, of articles that are longer than their passages."""
    long = replace(ARTICLE, body=f"Before. {ARTICLE.body} After.", correction="Put right.")
    copied = replace(hit(long, 8, 8 + len(ARTICLE.body)), copies=(Copy("c", "Copy", "Post"),))
    begin = long.body.index("It paid")
    citation = replace(
        PAID.citations[0], passage=copied.passage, quote_start=begin, quote_end=begin + 30
    )
    claims = (Claim("49%", citation), Claim("no", cite(1, CHIEF, CHIEF.body), "withdrawn"))
    exchange = done(asked(), replace(PAID, citations=(citation,), why="no name"))
    assert exchange.answer is not None
    answer = replace(
        exchange.answer,
        hits=(hit(CHIEF), copied),
        disagreements=(Disagreement("it", claims),),
        understood="What was paid?",
        preferred="date: 13 June 2025",
        note="Old.",
    )
    return Done(answer)


def test_a_kept_turn_reads_as_it_did_without_the_rest_of_its_articles() -> None:
    exchange = asked()
    exchange.take(whole())
    exchange.stage = "settled"
    text = to_json(exchange)
    again = from_json(text, 1)
    assert render_exchange(again) == render_exchange(exchange)
    assert render_evidence(again) == render_evidence(exchange)
    assert again.said == exchange.said
    assert "Before" not in text
    assert "After" not in text


def test_a_stopped_turn_is_kept_with_its_draft() -> None:
    exchange = asked()
    exchange.take(Found((hit(CHIEF),)))
    exchange.draft, exchange.stage, exchange.notice = "It may [1]", "settled", None
    assert render_exchange(from_json(to_json(exchange), 1)) == render_exchange(exchange)


def test_markdown_has_a_footnote_for_each_sentence_that_is_cited() -> None:
    exchange = asked("What # did it *pay*?")
    exchange.take(whole())
    text = as_markdown("Prices", [exchange])
    assert text.startswith(
        "# Prices\n\n## What # did it \\*pay\\*?\n\nMeta paid \\$14.3 billion.[^1]"
    )
    assert "- **49%**[^1]" in text
    assert "- **no**[^2] (withdrawn)" in text
    note = "[^1]: The Ledger, 13 June 2025, “Meta takes 49% of Scale AI”: “It paid \\$14.3 billion"
    assert note in text
    assert "<https://news.example/stake?a=1&b=2>" in text


def test_markdown_of_hostile_text_is_text() -> None:
    text = as_markdown(HOSTILE, [done(asked(HOSTILE), replace(PAID, text=HOSTILE))])
    for trick in (" <img", " <script", "**bold", "![i](", "[1](javascript"):
        assert trick not in text


def test_json_is_that_of_the_command_line() -> None:
    told = json.loads(as_json("Prices", [done(asked(), PAID)]))
    assert told["title"] == "Prices"
    assert told["turns"][0]["sentences"][0]["citations"][0]["quote"].startswith("It paid")


def test_a_person_sees_their_own_chats_in_any_browser_and_no_browser_a_persons() -> None:
    browsers = new_owner()
    assert owner_of(Who("ada", "read"), browsers) == owner_of(Who("ada", "admin"), "")
    assert owner_of(None, browsers) == browsers
    name = "ada" * 20
    claimed = owner_of(Who(name), "")
    assert owner_of(None, claimed) != claimed
    assert owner_of(None, 7) != owner_of(None, 7)
