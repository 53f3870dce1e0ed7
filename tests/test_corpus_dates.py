"""Dates as papers write them, and the ones that must not be guessed."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.dates import to_iso


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2025-06-13", "2025-06-13"),
        ("2025/6/3", "2025-06-03"),
        ("20250613", "2025-06-13"),
        ("June 13, 2025", "2025-06-13"),
        ("Sept. 5, 2024", "2024-09-05"),
        ("13 June 2025", "2025-06-13"),
        ("13th of June, 2025", "2025-06-13"),
        ("Friday, 13 June 2025", "2025-06-13"),
        ("13.06.2025", "2025-06-13"),
        ("06/13/2025", "2025-06-13"),
        ("05/05/2025", "2025-05-05"),
        ("13. August 2025", "2025-08-13"),
    ],
)
def test_a_day_stays_a_day(written: str, iso: str) -> None:
    assert to_iso(written) == iso


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2025-06-13T09:30:00Z", "2025-06-13T09:30:00+00:00"),
        ("2025-06-13T09:30", "2025-06-13T09:30:00"),
        ("2025-06-13 09:30:00+02:00", "2025-06-13T09:30:00+02:00"),
        ("20250613T093000Z", "2025-06-13T09:30:00+00:00"),
        ("Fri, 13 Jun 2025 09:30:00 GMT", "2025-06-13T09:30:00+00:00"),
        ("Fri, 13 Jun 2025 09:30:00 -0400 (EDT)", "2025-06-13T09:30:00-04:00"),
        ("June 13, 2025, 9:30 a.m. EDT", "2025-06-13T09:30:00-04:00"),
        ("Published 9:30 PM EDT, Fri June 13, 2025", "2025-06-13T21:30:00-04:00"),
        ("13 June 2025 12.15am BST", "2025-06-13T00:15:00+01:00"),
        ("June 13, 2025 | 09:30 GMT+2", "2025-06-13T09:30:00+02:00"),
        ("26-FEB-1987 15:01:01.79", "1987-02-26T15:01:01"),
        (" 2-MAR-1987 05:01:01.7\x05\x05RM", "1987-03-02T05:01:01"),
    ],
)
def test_a_time_keeps_the_zone_that_the_text_names(written: str, iso: str) -> None:
    assert to_iso(written) == iso


def test_a_time_in_a_zone_that_names_several_is_left_out() -> None:
    assert to_iso("June 13, 2025 3:04 p.m. IST") == "2025-06-13"


@pytest.mark.parametrize("written", ["13 juin 2025", "13 de junio de 2025", "2025年6月13日"])
def test_months_of_other_languages_are_read(written: str) -> None:
    assert to_iso(written) == "2025-06-13"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2 days ago",
        "03/04/2025",
        "03.04.2025",
        "June 2025",
        "2025",
        "31 June 2025",
        "2025-02-30",
        "13 June 2025 to 15 June 2025",
        "13 June 2025, 25:10",
        "13/06/25",
        "31-MAR-1987 605:12:19.12",
    ],
)
def test_what_is_not_one_clear_date_is_not_guessed(written: str) -> None:
    assert to_iso(written) is None


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones() | st.none()).map(lambda d: d.replace(microsecond=0)))
def test_every_iso_time_to_the_minute_comes_back_as_itself(moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() % 60 == 0:
        assert to_iso(moment.isoformat()) == moment.isoformat()


@settings(deadline=None)
@given(st.text(alphabet="0123456789 -/:.,TZ+apmJunMay", max_size=40))
def test_what_comes_back_can_be_parsed_again(text: str) -> None:
    iso = to_iso(text)
    assert iso is None or datetime.fromisoformat(iso)
