"""The line for the language model: who is before whom, and who may join it."""

from __future__ import annotations

import pytest

from rag.line import Crowded, Line, Ticket


def order_of(line: Line, tickets: dict[str, Ticket]) -> str:
    """Everybody's turn, one after the other."""
    order = ""
    while tickets:
        [first] = [name for name, ticket in tickets.items() if line.ahead(ticket) == 0]
        order += f"{first} "
        line.leave(tickets.pop(first))
    return order.strip()


class TestOrder:
    def test_first_come_first_served(self) -> None:
        line = Line()
        tickets = {name: line.join(of_api=name > "b") for name in "abcd"}
        assert order_of(line, tickets) == "a b c d"

    def test_many_of_one_owner_let_others_in_between(self) -> None:
        line = Line()
        tickets = {f"many{n}": line.join("many", of_api=True) for n in range(4)}
        tickets["one"] = line.join("one", of_api=True)
        tickets["page"] = line.join()
        assert order_of(line, tickets) == "many0 one page many1 many2 many3"

    def test_two_owners_of_many_take_turns(self) -> None:
        line = Line()
        tickets = {f"{o}{n}": line.join(o, of_api=True) for o in "ab" for n in range(3)}
        assert order_of(line, tickets) == "a0 b0 a1 b1 a2 b2"

    def test_whoever_comes_later_waits_for_who_is_at_work(self) -> None:
        line = Line()
        at_work, next_ = line.join("many", of_api=True), line.join("many", of_api=True)
        line.leave(at_work)
        other = line.join("other", of_api=True)
        assert (line.ahead(next_), line.ahead(other)) == (0, 1)


class TestRoom:
    def test_page_and_api_have_places_of_their_own(self) -> None:
        line = Line(longest=1, longest_of_api=2)
        line.join()
        line.join(of_api=True)
        line.join(of_api=True)
        with pytest.raises(Crowded, match="1 question"):
            line.join()
        with pytest.raises(Crowded, match="2 questions are waiting"):
            line.join(of_api=True)

    def test_half_of_the_places_are_for_one_key_at_most(self) -> None:
        line = Line(longest_of_api=4)
        for _ in range(2):
            line.join("many", of_api=True)
        with pytest.raises(Crowded, match="2 questions of yours are waiting"):
            line.join("many", of_api=True)
        line.join("one", of_api=True)
