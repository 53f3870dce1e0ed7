"""Fetching from a real server on loopback that misbehaves: what is bounded, and what is said."""

from __future__ import annotations

import email.utils
import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from newsstand import Handler, Site, deflated, gzip_bomb, newsstand

from corpus.fetch import Bounds, Fetched, Fetcher, NotFetched

QUICK = Bounds(bytes=1_000_000, seconds=60.0, redirects=4, attempts=3, backoff_s=0.001, delay_s=0.0)
Get = Callable[..., Fetched]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with newsstand() as site:
        yield site


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the fetcher waited, which pass at once."""
    return []


@pytest.fixture
def get(site: Site, waits: list[float]) -> Iterator[Get]:
    """Fetches a path of the site with the bounds `QUICK` and those given."""
    opened: list[Fetcher] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def get(path: str, found_in: str | None = None, **bounds: float) -> Fetched:
        if not opened or bounds:
            opened.append(Fetcher(replace(QUICK, **bounds), sleep))
        return opened[-1].get(site.url + path if path.startswith("/") else path, found_in=found_in)

    yield get
    for fetcher in opened:
        fetcher.close()


def reason(get: Get, path: str, **more: object) -> str:
    with pytest.raises(NotFetched) as caught:
        get(path, **more)
    return caught.value.reason


def test_a_page_comes_with_its_type_and_what_tells_its_version(site: Site, get: Get) -> None:
    site.put("/a", "word", "text/html; charset=koi8-r", ETag='"1"', Last_Modified="then")
    assert get("/a") == Fetched(
        f"{site.url}/a", b"word", "text/html", "koi8-r", '"1"', "then", False
    )


def test_the_agent_names_the_project(site: Site, get: Get) -> None:
    site.put("/a", "word")
    get("/a")
    assert site.asked[-1][1]["User-Agent"].startswith("Byline/")


@pytest.mark.parametrize("header", ["ETag", "Last_Modified"])
def test_a_page_that_has_not_changed_is_not_sent_again(site: Site, header: str) -> None:
    site.put("/a", "word", **{header: "x"})
    with Fetcher(QUICK) as fetcher:
        first = fetcher.get(f"{site.url}/a")
        assert fetcher.get(f"{site.url}/a", first.etag, first.last_modified).not_modified


@pytest.mark.parametrize(("packed", "coding"), [(gzip.compress, "gzip"), (deflated, "deflate")])
def test_a_packed_page_is_unpacked(
    site: Site, get: Get, packed: Callable[[bytes], bytes], coding: str
) -> None:
    site.put("/a", packed(b"words " * 1000), Content_Encoding=coding)
    assert get("/a").body == b"words " * 1000


def test_a_page_in_several_gzip_members_is_whole(site: Site, get: Get) -> None:
    site.put("/a", gzip.compress(b"one ") + gzip.compress(b"two"), Content_Encoding="gzip")
    assert get("/a").body == b"one two"


# Size and time


def test_a_page_that_says_it_is_too_large_is_not_read(site: Site, get: Get) -> None:
    site.endless("/a", b"x" * 1000, Content_Length="200000000")
    assert reason(get, "/a") == "200 MB, more than 1 MB"


def test_a_page_of_200_megabytes_that_does_not_say_so_is_stopped(site: Site, get: Get) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        for _ in range(200):
            handler.wfile.write(bytes(1_000_000))

    site.pages["/a"] = answer
    assert reason(get, "/a") == "stopped after 1 MB"


def test_a_page_that_never_ends_is_stopped(site: Site, get: Get) -> None:
    site.endless("/a", b"<p>and on</p>" * 100)
    assert reason(get, "/a") == "stopped after 1 MB"


def test_a_gzip_bomb_is_stopped(site: Site, get: Get) -> None:
    bomb = gzip_bomb(100)
    site.put("/a", bomb, Content_Encoding="gzip")
    assert len(bomb) < 1_000_000
    assert reason(get, "/a").startswith("stopped after 1 MB (")


def test_packed_nothing_without_end_is_stopped(site: Site, get: Get) -> None:
    site.endless("/a", gzip.compress(b"") * 100, Content_Encoding="gzip")
    assert reason(get, "/a", bytes=20_000).startswith("stopped after 20,000 bytes")


def test_a_slow_drip_is_stopped(site: Site, get: Get) -> None:
    site.endless("/a", b"x", pause=0.02)
    assert reason(get, "/a", seconds=1.0) == "took more than 1 s"


def test_a_page_that_never_answers_is_stopped(site: Site, get: Get) -> None:
    site.pages["/a"] = lambda handler: (handler.closing.wait(20), None)[1]
    assert reason(get, "/a", seconds=1.0) == "took more than 1 s"


def test_a_packing_that_was_not_asked_for_is_refused(site: Site, get: Get) -> None:
    site.put("/a", b"\x0b\x00", Content_Encoding="br")
    assert reason(get, "/a") == "packed as br, which was not asked for"


def test_damaged_gzip_data_are_named(site: Site, get: Get) -> None:
    site.put("/a", b"no gzip at all", Content_Encoding="gzip")
    assert reason(get, "/a").startswith("its packed data is damaged")


def test_gzip_data_that_end_early_are_asked_for_again(site: Site, get: Get) -> None:
    site.put("/a", gzip.compress(b"words " * 1000)[:-12], Content_Encoding="gzip")
    assert reason(get, "/a") == "its packed data ends in the middle"
    assert site.paths() == ["/a"] * 3


# Redirects


def test_redirects_are_followed_to_the_last_address(site: Site, get: Get) -> None:
    site.redirect("/a", "/b")
    site.redirect("/b", f"{site.url}/c")
    site.put("/c", "word")
    assert get("/a").url == f"{site.url}/c"


def test_redirects_in_a_circle_are_named(site: Site, get: Get) -> None:
    site.redirect("/a", "/b")
    site.redirect("/b", "/a")
    assert reason(get, "/a").startswith("redirects in a circle")


def test_too_many_redirects_are_named(site: Site, get: Get) -> None:
    for n in range(9):
        site.redirect(f"/{n}", f"/{n + 1}")
    assert reason(get, "/0") == "more than 4 redirects"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://vell.example/x"])
def test_a_redirect_to_another_scheme_is_refused(site: Site, get: Get, target: str) -> None:
    site.redirect("/a", target)
    assert reason(get, "/a").startswith("only http and https are fetched")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "http://[::1", "javascript:x"])
def test_what_is_no_web_address_is_refused(get: Get, url: str) -> None:
    assert reason(get, url)


def test_a_page_of_the_web_may_not_lead_into_the_own_network(site: Site, get: Get) -> None:
    site.put("/a", "private")
    said = reason(get, "/a", found_in="http://93.184.216.34/feed")
    assert said == "93.184.216.34 leads to 127.0.0.1, which is no address on the web"
    assert site.asked == []


# Statuses


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (403, False), (401, False)])
def test_a_status_is_named_and_not_asked_for_again(
    site: Site, get: Get, status: int, gone: bool
) -> None:
    site.status("/a", status)
    with pytest.raises(NotFetched) as caught:
        get("/a")
    assert (caught.value.reason, caught.value.gone) == (f"status {status}", gone)
    assert site.paths() == ["/a"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(site: Site, get: Get, status: int) -> None:
    site.put("/a", "word")
    site.status("/a", status, status)
    assert get("/a").body == b"word"


def test_the_waits_between_attempts_grow(site: Site, get: Get, waits: list[float]) -> None:
    site.status("/a", 503)
    assert reason(get, "/a", backoff_s=2.0) == "status 503"
    assert waits == [2.0, 4.0]


def test_a_retry_after_in_seconds_is_waited_for(site: Site, get: Get, waits: list[float]) -> None:
    site.put("/a", "word")
    site.status("/a", 503, Retry_After="7")
    get("/a")
    assert waits == [7.0]


def test_a_retry_after_that_is_a_date_is_waited_for(
    site: Site, get: Get, waits: list[float]
) -> None:
    site.put("/a", "word")
    site.status("/a", 429, Retry_After=email.utils.formatdate(time.time() + 40, usegmt=True))
    get("/a")
    assert 0 < waits[0] <= 40


def test_a_long_retry_after_ends_the_attempts_and_is_told(
    site: Site, get: Get, waits: list[float]
) -> None:
    site.status("/a", 503, Retry_After="3600")
    with pytest.raises(NotFetched) as caught:
        get("/a")
    assert (caught.value.reason, caught.value.wait_s, waits) == (
        "status 503, come back in 3,600 s",
        3600.0,
        [],
    )


def test_a_host_that_asks_for_time_is_not_asked_for_another_page(site: Site, get: Get) -> None:
    site.status("/a", 429, Retry_After="3600")
    site.put("/b", "word")
    assert reason(get, "/a") == "status 429, come back in 3,600 s"
    assert reason(get, "/b").startswith("127.0.0.1 asks to be left alone for 3,")
    assert site.paths() == ["/a"]


def test_a_host_that_fails_again_and_again_is_left_alone(site: Site, get: Get) -> None:
    for n in range(4):
        site.status(f"/{n}", 500)
    assert [reason(get, f"/{n}") for n in range(4)] == [
        *["status 500"] * 3,
        "127.0.0.1 failed 3 times in a row, so not asked",
    ]


def test_a_host_that_answers_in_between_has_not_failed_in_a_row(site: Site, get: Get) -> None:
    site.status("/a", 500)
    site.put("/b", "word")
    for _ in range(3):
        assert reason(get, "/a") == "status 500"
        assert get("/b").body == b"word"


def test_a_connection_that_breaks_is_tried_again(site: Site, get: Get) -> None:
    site.put("/a", "word", Content_Length="4")
    good, tries = site.pages["/a"], []

    def answer(handler: Handler) -> None:
        tries.append(1)
        if len(tries) == 1:
            handler.close_connection = True
            handler.reply(200, b"wo", {"Content-Length": "4"})
        else:
            good(handler)

    site.pages["/a"] = answer
    assert get("/a").body == b"word"


def test_a_server_that_is_not_there_is_named(get: Get) -> None:
    assert "127.0.0.1" in reason(get, "http://127.0.0.1:9/a", attempts=1)


# Manners


def test_what_robots_txt_forbids_is_not_asked_for(site: Site, get: Get) -> None:
    site.put("/robots.txt", "User-agent: byline\nDisallow: /a\nAllow: /a/free\n", "text/plain")
    site.put("/a/free", "word")
    assert reason(get, "/a/paid") == "127.0.0.1 does not allow it (robots.txt)"
    assert get("/a/free").body == b"word"
    assert site.paths() == ["/a/free"]


def test_a_redirect_to_what_robots_txt_forbids_is_not_followed(site: Site, get: Get) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /b\n", "text/plain")
    site.redirect("/a", "/b")
    assert "robots.txt" in reason(get, "/a")
    assert site.paths() == ["/a"]


def test_robots_txt_is_read_once_for_a_host(site: Site, get: Get) -> None:
    site.put("/a", "word")
    get("/a")
    get("/a")
    assert [path for path, _ in site.asked].count("/robots.txt") == 1


def test_a_robots_txt_that_fails_forbids_everything(site: Site, get: Get) -> None:
    site.status("/robots.txt", 500)
    site.put("/a", "word")
    assert "status 500 (for robots.txt, so nothing more was asked)" in reason(get, "/a")
    assert site.paths() == []


def test_an_endless_robots_txt_is_read_as_far_as_it_counts(site: Site, get: Get) -> None:
    site.endless("/robots.txt", b"User-agent: *\nDisallow: /b\n" * 1000)
    site.put("/a", "word")
    assert get("/a").body == b"word"


def test_between_two_requests_to_a_host_there_is_a_pause(
    site: Site, get: Get, waits: list[float]
) -> None:
    site.put("/a", "word")
    get("/a", delay_s=3.0)
    get("/a")
    assert len(waits) == 1
    assert 2.0 < waits[0] <= 3.0


def test_a_longer_pause_that_robots_txt_asks_for_is_kept(
    site: Site, get: Get, waits: list[float]
) -> None:
    site.put("/robots.txt", "User-agent: *\nCrawl-delay: 9\n", "text/plain")
    site.put("/a", "word")
    get("/a")
    get("/a")
    assert 8.0 < waits[0] <= 9.0
