"""One look at a source: what it lists, and the articles behind what is new or has changed."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from corpus.article import Article, of_outlet
from corpus.fetch import Fetched, Fetcher, NotFetched
from corpus.fields import Found, Unreadable, article_from
from corpus.listing import Entry, Listing, read_feed, read_sitemap
from corpus.memory import Known, Look
from corpus.metadata import canonical_address, later
from corpus.pdf import read_pdf
from corpus.plain import make_title, read_text
from corpus.read import read_articles
from corpus.recall import OfOutlet, Recall
from corpus.sources import Source
from corpus.web import read_page

_FEWEST_WORDS = 40  # of a feed's own content that stands in for a page
_MOST_SITEMAPS = 50
_HTML = ("", "text/html", "application/xhtml+xml", "application/xml", "text/xml")


@dataclass(frozen=True, slots=True)
class Listed:
    """So many pages are to be looked at."""

    count: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """An article, with what is to be remembered of its page; None for one from a file.

    `replaces` is the id under which the same page gave an article before. A page of which only the
    feed's content could be had is `page` with no `checked_at`, so that it is asked for again.
    """

    article: Article
    place: str
    page: Known | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A page whose article is as it was."""

    page: Known


@dataclass(frozen=True, slots=True)
class Missing:
    """What was not taken in, and why; `page` is remembered where asking again at once is vain."""

    place: str
    reason: str
    page: Known | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A page that gave an article before and is no longer there."""

    page: Known
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something to say of what was taken in."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a look; `look` holds nothing to compare with where something was left undone."""

    look: Look


Outcome = Listed | Arrived | Unchanged | Missing | Gone | Noted | Ended


def gather(
    source: Source,
    fetcher: Fetcher,
    known: Mapping[str, Known],
    left_out: Collection[str],
    last: Look,
    now: float,
    recall: Recall | None = None,
) -> Iterator[Outcome]:
    """Look at a source once, `Ended` last.

    `known` are its pages so far by address, `left_out` the addresses whose articles somebody has
    removed, `last` the look before, `now` seconds since 1970. Pages that have not changed since are
    not read, and neither are files that `recall` knows as they are. Raises `NotFetched`,
    `Unreadable` or BylineError when the source itself gives nothing.
    """
    if source.kind == "files":
        yield from _files(source, now, recall)
        return
    if source.kind == "page":
        listing, look = Listing((Entry(source.address),)), Look(now)
    else:
        got = fetcher.get(source.address, last.etag, last.last_modified)
        if got.not_modified:
            yield Ended(replace(last, checked_at=now, not_before=0.0))
            return
        look = Look(now, got.etag, got.last_modified)
        if source.kind == "feed":
            listing = read_feed(got.body, got.url, got.content_type)
        else:
            listing = yield from _sitemaps(read_sitemap(got.body, got.url), source, fetcher)
    for note in listing.notes:
        yield Noted(source.place, note)
    yield from _pages(listing, source, fetcher, known, left_out, look)


def _files(source: Source, now: float, recall: Recall | None) -> Iterator[Outcome]:
    assert source.path is not None
    if recall is not None and source.outlet:
        recall = OfOutlet(recall, source.outlet)
    reading = read_articles([source.path], recall)
    yield Listed(len(reading.articles))
    for article in reading.articles:
        told = of_outlet(article, source.outlet or article.outlet)
        yield Arrived(told, str(reading.origins[article.id]))
    for skipped in reading.skipped:
        yield Missing(skipped.place, skipped.reason)
    for note in reading.notes:
        yield Noted(note.place, note.reason)
    yield Ended(Look(now))


def _sitemaps(
    first: Listing, source: Source, fetcher: Fetcher
) -> Generator[Missing, None, Listing]:
    """The newest pages of a sitemap and of those that it lists, until there are enough."""
    entries, notes = list(first.entries), list(first.notes)
    waiting, opened = _newest(first.children), 0
    while waiting and len(entries) < source.limit and opened < _MOST_SITEMAPS:
        child = waiting.pop(0)
        opened += 1
        try:
            got = fetcher.get(child.url, found_in=source.address)
            inner = read_sitemap(got.body, got.url)
        except (NotFetched, Unreadable) as error:
            yield Missing(child.url, error.reason)
            continue
        entries += inner.entries
        notes += inner.notes
        waiting = _newest(inner.children) + waiting
    if waiting:
        notes.append(f"{len(waiting)} older sitemaps were not opened (limit = {source.limit})")
    return Listing(tuple(_newest(entries)), notes=tuple(notes))


def _newest(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.stamp or "", reverse=True)


def _pages(
    listing: Listing,
    source: Source,
    fetcher: Fetcher,
    known: Mapping[str, Known],
    left_out: Collection[str],
    look: Look,
) -> Iterator[Outcome]:
    entries = listing.entries[: source.limit]
    if left := len(listing.entries) - len(entries):
        yield Noted(source.place, f"{left} more are listed (limit = {source.limit})")
    yield Listed(len(entries))
    whole = not left
    for entry in entries:
        page = known.get(entry.url, Known(entry.url))
        if entry.url in left_out:
            yield Missing(entry.url, "it was removed from the index; --again brings it back", page)
            continue
        for outcome in _page(entry, page, source, fetcher, look.checked_at):
            if isinstance(outcome, Arrived | Missing):
                whole = whole and outcome.page is not None and outcome.page.checked_at > 0
            yield outcome
    # With a page undone, the list must be read again next time even if it stays as it is.
    yield Ended(look if whole else Look(look.checked_at))


def _page(
    entry: Entry, page: Known, source: Source, fetcher: Fetcher, now: float
) -> Iterator[Outcome]:
    listed = source.kind != "page"
    if listed and page.stamp == entry.stamp and now - page.checked_at < source.recheck:
        yield Unchanged(page)
        return
    try:
        got = fetcher.get(
            entry.url, page.etag, page.last_modified, source.address if listed else None
        )
    except NotFetched as error:
        if error.gone and page.article_id is not None:
            yield Gone(replace(page, checked_at=now, stamp=entry.stamp), error.reason)
        elif not listed:
            raise
        else:
            done = replace(page, checked_at=now, stamp=entry.stamp) if error.gone else None
            yield from _without_page(entry, page, source, error.reason, done)
        return
    page = replace(
        page,
        etag=got.etag or (page.etag if got.not_modified else None),
        last_modified=got.last_modified or (page.last_modified if got.not_modified else None),
        checked_at=now,
        stamp=entry.stamp,
    )
    if got.not_modified:
        yield Unchanged(page)
        return
    try:
        found = _read(got, entry, source)
    except Unreadable as error:
        yield from _without_page(entry, page, source, error.reason, page)
        return
    yield from _arrived(found, entry.url, page, page)


def _read(got: Fetched, entry: Entry, source: Source) -> Found:
    if got.content_type in _HTML:
        return read_page(got.body, got.url, got.charset, entry.fields, source.outlet)
    if got.content_type in ("application/pdf", "text/plain"):
        found = (read_pdf if got.content_type == "application/pdf" else read_text)(got.body)
        article, known = found.article, entry.fields
        url = canonical_address(None, got.url)
        article = of_outlet(article, source.outlet or article.outlet or known.get("outlet"))
        return replace(
            found,
            article=replace(
                article,
                id=url or article.id,
                url=url,
                author=article.author or known.get("author"),
                published_at=article.published_at or known.get("published_at"),
                updated_at=article.updated_at or known.get("updated_at"),
            ),
        )
    raise Unreadable(f"it is {got.content_type}, which is no page")


def _without_page(
    entry: Entry, page: Known, source: Source, reason: str, done: Known | None
) -> Iterator[Outcome]:
    """The feed's own content where the page gives none, unless the page gave an article before."""
    if page.article_id is not None or len(entry.text.split()) < _FEWEST_WORDS:
        yield Missing(entry.url, reason, done)
        return
    url = canonical_address(None, entry.url)
    known = entry.fields
    fields = {
        "title": make_title(entry.text),
        **known,
        "updated_at": later(known.get("updated_at"), known.get("published_at")),
        "text": entry.text,
        "url": url,
    }
    if source.outlet:
        fields["outlet"] = source.outlet
    try:
        found = article_from(fields, (f"the feed's own content was taken, as the page: {reason}",))
    except Unreadable as error:
        yield Missing(entry.url, f"{reason}; the feed's own content: {error.reason}", done)
        return
    yield from _arrived(found, entry.url, page, done or replace(page, checked_at=0.0))


def _arrived(found: Found, url: str, before: Known, page: Known) -> Iterator[Outcome]:
    id_ = found.article.id
    replaces = before.article_id if before.article_id != id_ else None
    yield Arrived(found.article, url, replace(page, article_id=id_), replaces)
    for note in found.notes:
        yield Noted(url, note)
