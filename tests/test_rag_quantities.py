"""Numbers as news writes them: which are the same, and which are not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.reading.quantities import Quantity, missing_quantities, normalise, quantities, tokens


@pytest.mark.parametrize(
    "same",
    [
        ("$14.3 billion", "$14.3bn", "14.3 billion dollars", "US$14,300 million", "$14.3-billion"),
        ("$14.3 billion", "USD 14.3 billion", "14,300,000,000 dollars", "$14.3B"),
        ("49%", "49 per cent", "49 percent", "49.0%", "forty-nine percent"),
        ("$870 million", "$870m", "$0.87 billion", "$870mn"),
        ("1.5 trillion", "1,500 billion", "1.5tn"),
        ("20 years", "twenty years"),
        ("€1 billion", "a billion euros", "one billion euros"),
        ("1,121 megawatts", "1121 megawatts"),
        ("2016", "2016."),
    ],
    ids=lambda texts: texts[0],
)
def test_one_amount_in_its_forms(same: tuple[str, ...]) -> None:
    for one in same:
        for other in same:
            assert not missing_quantities(one, other), (one, other)


@pytest.mark.parametrize(
    ("claimed", "source"),
    [
        ("$14.3 billion", "$14.3 million"),
        ("$14.3 billion", "$14.4 billion"),
        ("$14 billion", "$14.3 billion"),
        ("$3 billion", "$14.3 billion"),
        ("49%", "49"),
        ("49", "49%"),
        ("49%", "51%"),
        ("$5 million", "€5 million"),
        ("2016", "2015"),
        ("16", "2016"),
        ("20", "2,000"),
        ("3", "C3 and 3M"),
        ("$1 billion", "more than one investor"),
    ],
)
def test_another_amount(claimed: str, source: str) -> None:
    assert missing_quantities(claimed, source)


def test_a_currency_may_be_left_out_on_one_side() -> None:
    assert not missing_quantities("14.3 billion", "$14.3 billion")
    assert not missing_quantities("$14.3 billion", "14.3 billion")


@pytest.mark.parametrize("text", ["$64 to $72 billion", "$64-72 billion", "$64bn–$72bn"])
def test_a_range_has_both_its_ends(text: str) -> None:
    assert [quantity.value for quantity in quantities(text)] == [64 * 10**9, 72 * 10**9]


def test_a_day_and_a_year_are_two_numbers() -> None:
    assert [q.value for q in quantities("on June 13, 2025")] == [13, 2025]


@pytest.mark.parametrize("text", ["one of them", "A100", "GPT-like", "the second", "no", ""])
def test_no_quantity(text: str) -> None:
    assert quantities(text) == []


def test_only_the_missing_ones_are_named() -> None:
    missing = missing_quantities("49% for $15 billion", "Meta paid $14.3 billion for 49%.")
    assert missing == [Quantity(Decimal(15 * 10**9), "$")]


def test_tokens_are_in_the_order_of_the_text() -> None:
    assert tokens("The stake, 49%, is Meta's.") == [
        "stake",
        Quantity(Decimal(49), "%"),
        "is",
        "meta",
    ]


def test_normalise() -> None:
    assert normalise("The  Chief, an 'Executive'!") == "chief executive"


def test_letters_of_other_widths_are_read() -> None:
    assert quantities("４９％") == quantities("49%")


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10**6), st.sampled_from(["thousand", "million", "billion", "trillion"]))
def test_scale_and_digits_agree(value: int, scale: str) -> None:
    power = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}[scale]
    assert not missing_quantities(f"${value:,} {scale}", f"${value * 10**power:,}")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    assert not missing_quantities(text, text)
