"""Names that stand for another address when they are looked up again, and addresses in disguise."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from newsstand import Site, newsstand

from corpus.fetch import Bounds, Fetched, Fetcher, NotFetched
from corpus.hosts import is_on_web

PUBLIC, HERE = "93.184.216.34", "127.0.0.1"
QUICK = Bounds(seconds=20.0, attempts=1, delay_s=0.0)


class Names:
    """A resolver that answers each look-up of a name with the next of its addresses, and after the
    last with that again."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, list[str]] = {}
        self.asked: list[str] = []
        before = socket.getaddrinfo

        def look_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
            name = host.decode() if isinstance(host, bytes) else host
            if name not in self.known:
                return before(host, port, *args, **more)
            self.asked.append(name)
            found = self.known[name]
            address = found.pop(0) if len(found) > 1 else found[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0))]

        patch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with newsstand() as site:
        site.put("/secret", "what only this machine may read")
        yield site


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, site: Site) -> Names:
    return Names(monkeypatch)


def at(site: Site, host: str, path: str = "/secret") -> str:
    return f"http://{host}:{urlsplit(site.url).port}{path}"


def fetch(url: str, found_in: str | None = None, only_web: bool = True) -> Fetched:
    with Fetcher(QUICK, only_web=only_web) as fetcher:
        return fetcher.get(url, found_in=found_in)


def refused(url: str, found_in: str | None = None, only_web: bool = True) -> str:
    with pytest.raises(NotFetched) as caught:
        fetch(url, found_in, only_web)
    return caught.value.reason


class TestRebinding:
    def test_what_was_checked_is_what_is_asked(
        self, site: Site, names: Names, network_attempts: list[str]
    ) -> None:
        names.known["turns.example"] = [PUBLIC, HERE]
        refused(at(site, "turns.example"))
        assert network_attempts == [PUBLIC]  # the one that was checked, which tests do not reach
        assert names.asked == ["turns.example"]
        assert site.asked == []
        network_attempts.clear()

    def test_each_connection_is_checked_again(
        self, site: Site, names: Names, network_attempts: list[str]
    ) -> None:
        names.known["turns.example"] = [PUBLIC, HERE]
        with Fetcher(QUICK, only_web=True) as fetcher:
            for _ in range(2):
                with pytest.raises(NotFetched) as caught:
                    fetcher.get(at(site, "turns.example"))
        assert "turns.example is no address on the web" in caught.value.reason
        assert network_attempts == [PUBLIC]
        assert site.asked == []
        network_attempts.clear()

    def test_of_several_addresses_none_may_be_inside(self, site: Site, names: Names) -> None:
        look_up = socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)[0]
        both = [(*look_up[:4], (PUBLIC, 0)), look_up]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
            assert "no address on the web" in refused(at(site, "both.example"))
        assert site.asked == []

    def test_a_page_may_not_become_this_machine_by_its_own_name(
        self, site: Site, names: Names, network_attempts: list[str]
    ) -> None:
        """A link of a page to the same host, whose name stands for another address by then."""
        names.known["turns.example"] = [PUBLIC, HERE]
        feed = at(site, "turns.example", "/feed")
        told = refused(at(site, "turns.example"), found_in=feed, only_web=False)
        assert told == "turns.example leads to turns.example, which is no address on the web"
        assert site.asked == []

    def test_a_redirect_is_checked_as_well(self, site: Site, names: Names) -> None:
        names.known |= {"open.example": [HERE], "inner.example": [HERE]}
        site.redirect("/go", at(site, "inner.example"))
        with pytest.MonkeyPatch.context() as patch:
            # The first host is taken for one of the web: tests reach no other.
            patch.setattr("corpus.connect.is_on_web", lambda _: names.asked[-1] == "open.example")
            told = refused(at(site, "open.example", "/go"))
        assert told == "open.example leads to inner.example, which is no address on the web"
        assert site.paths() == ["/go"]


class TestNames:
    def test_the_host_is_told_the_name_that_was_asked_for(self, site: Site, names: Names) -> None:
        names.known["vell.example"] = [HERE]
        got = fetch(at(site, "vell.example"), only_web=False)
        assert got.body == b"what only this machine may read"
        hosts = {headers["Host"] for _, headers in site.asked}
        assert hosts == {f"vell.example:{urlsplit(site.url).port}"}

    def test_tls_is_spoken_with_the_name(self, names: Names) -> None:
        names.known["vell.example"] = [HERE]
        heard: list[str | None] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = lambda _, name, __: heard.append(name)
        with socket.create_server((HERE, 0)) as listening:
            thread = threading.Thread(target=_shake_hands, args=(listening, context))
            thread.start()
            with pytest.raises(NotFetched):
                fetch(f"https://vell.example:{listening.getsockname()[1]}/", only_web=False)
            thread.join()
        assert heard == ["vell.example"]


def _shake_hands(listening: socket.socket, context: ssl.SSLContext) -> None:
    """As far as it goes without a certificate."""
    taken, _ = listening.accept()
    with taken, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(taken, server_side=True)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0.0.0.0",
        "169.254.169.254",  # where clouds tell machines their secrets
        "10.0.0.7",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",  # by NAT64
        "[2002:7f00:1::]",  # by 6to4
        "[fd00::1]",
        "224.0.0.1",
    ],
)
def test_no_form_of_an_address_inside_is_asked(site: Site, host: str) -> None:
    assert "no address on the web" in refused(at(site, host))
    assert site.asked == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7f.1", "017700000001"])
def test_no_number_that_stands_for_this_machine_is_asked(
    site: Site, names: Names, host: str
) -> None:
    names.known[host] = [socket.inet_ntoa(socket.inet_aton(host))]  # as the C library reads it
    assert names.known[host] == [HERE]
    assert "no address on the web" in refused(at(site, host))
    assert site.asked == []


def test_an_octal_number_within_an_address_is_no_address(site: Site) -> None:
    assert "Invalid IPv4 address" in refused(at(site, "0177.0.0.1"))
    assert site.asked == []


@pytest.mark.parametrize(
    ("address", "on_web"),
    [
        (PUBLIC, True),
        ("2606:4700::1111", True),
        (f"::ffff:{PUBLIC}", True),
        ("64:ff9b::5db8:d822", True),  # 93.184.216.34
        ("::ffff:10.0.0.7", False),
        ("fe80::1%eth0", False),
        ("100.64.0.1", False),  # of a provider's own network
        ("192.0.2.1", False),
        ("255.255.255.255", False),
        ("ff02::1", False),
        ("fec0::1", False),
    ],
)
def test_on_the_web(address: str, on_web: bool) -> None:
    assert is_on_web(address) is on_web
