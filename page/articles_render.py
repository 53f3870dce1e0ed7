"""The view of the articles as HTML: what comes from articles, files and the web is escaped."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from corpus.sources import Source
from index.browse import Row, day
from index.history import Kept
from index.timeline import Entry
from page.render import source_html, web_address
from rag.commands.output import by_reason
from rag.reading.untrusted import escape
from rag.upkeep.changes import Change
from rag.upkeep.library import Holdings, Listing, Outcome, Shown
from rag.upkeep.pace import STAGES
from rag.wording import count

LONGEST = 100_000  # characters of an article that are shown
MOST_STATES = 50  # of a story
GONE = "This article is not in the index any more."
KINDS = {
    "first": "First report",
    "copy": "Carried",
    "update": "Update",
    "correction": "Correction",
    "retraction": "Retraction",
}


def render_listing(listing: Listing, chosen: Container[str] | None = None) -> str:
    """The rows of one page of the list, each title a button, and how many there are.

    With `chosen`, the ids of it, each row has a box to choose it by.
    """
    shown = len(listing.rows)
    if not listing.total:
        told = "The index holds no article."
    elif not shown:
        told = f"None of {count(listing.total, 'article')} has these words in its title, outlet or "
        told += "date."
    else:
        told = f"{listing.start + 1:,} to {listing.start + shown:,} of "
        told += count(listing.found, "article")
        told += f", among {listing.total:,}" if listing.found < listing.total else ""
    boxes = chosen is not None and shown > 0
    rows = "".join(
        f"<tr>{_box(row, chosen)}<th scope='row'>"
        f"<button type='button' data-choose='{escape(row.id)}'>"
        f"<bdi>{escape(row.title) or 'Untitled'}</bdi></button></th>"
        f"<td class='outlet' dir='auto'>{escape(row.outlet or '')}</td>"
        f"<td class='day'>{escape(day(row.published_at))}</td>"
        f"<td class='number'>{row.passages:,}<span class='unit'> "
        f"{'passage' if row.passages == 1 else 'passages'}</span></td>"
        f"<td class='number copies'>{_copies(row.copies)}</td></tr>"
        for row in listing.rows
    )
    every = (
        "<label class='pick-all'><input type='checkbox' data-pick-all> Choose all of these</label>"
    )
    table = (
        f"{every if boxes else ''}<table class='articles'><thead><tr>{'<td></td>' if boxes else ''}"
        "<th scope='col'>Title</th><th scope='col'>Outlet</th>"
        "<th scope='col'>Date</th><th scope='col' class='number'>Passages</th>"
        f"<th scope='col' class='number'>Copies</th></tr></thead><tbody>{rows}</tbody></table>"
    )
    return f"<p class='note' role='status'>{told}</p>{table if shown else ''}"


def _box(row: Row, chosen: Container[str] | None) -> str:
    if chosen is None:
        return ""
    return (
        f"<td class='pick'><input type='checkbox' data-pick='{escape(row.id)}' "
        f"aria-label='Choose {escape(row.title) or 'Untitled'}'"
        f"{' checked' if row.id in chosen else ''}></td>"
    )


def render_asking(titles: Sequence[str]) -> str:
    """Whether articles of these titles are to be removed."""
    names = "".join(f"<li><bdi>{escape(title) or 'Untitled'}</bdi></li>" for title in titles)
    them = "it" if len(titles) == 1 else "them"
    return (
        f"<p role='alert'>Remove {count(len(titles), 'article')}? No answer can cite {them} from "
        f"then on.</p><ul tabindex='0' aria-label='To be removed'>{names}</ul>"
    )


def _copies(number: int) -> str:
    if not number:
        return ""
    told = f"{count(number, 'other article')} of the same story"
    return f"<span title='{told}'>+{number:,}<span class='unit'> of the story</span></span>"


def render_reading(shown: Shown | None) -> str:
    """One article to be read."""
    if shown is None:
        return f"<p class='note' role='status'>{GONE}</p>"
    article, url = shown.article, web_address(shown.article.url)
    facts = [f"<bdi>{escape(article.author)}</bdi>"] if article.author else []
    if article.updated_at and article.updated_at != article.published_at:
        facts.append(f"Changed {escape(day(article.updated_at))}")
    link = (
        f"<p class='source'><a href='{escape(url)}' target='_blank' rel='noopener noreferrer' "
        f"referrerpolicy='no-referrer'><bdi>{escape(url)}</bdi></a></p>"
        if url
        else ""
    )
    origin = shown.origin
    if origin and origin not in (url, article.url):
        link += f"<p class='source'>Read from <bdi>{escape(origin)}</bdi></p>"
    notice = article.correction
    correction = f"<p class='source correction' dir='auto'>{escape(notice)}</p>" if notice else ""
    body = article.body[:LONGEST]
    left = len(article.body) - len(body)
    rest = f"<p class='note'>{left:,} more characters are not shown here.</p>" if left else ""
    return (
        "<article class='reading' aria-labelledby='reading-title'>"
        f"<h2 id='reading-title' dir='auto' tabindex='-1'>{escape(article.title)}</h2>"
        f"<p class='source'>{' · '.join((source_html(article), *facts))}</p>{link}{correction}"
        f"<div class='body' dir='auto'>{escape(body)}</div>{rest}{_story(shown)}</article>"
    )


def _story(shown: Shown) -> str:
    if len(shown.story) < 2:
        return ""
    entries = "".join(_state(entry, shown.article.id) for entry in shown.story[:MOST_STATES])
    left = len(shown.story) - MOST_STATES
    rest = (
        f"<p class='note'>And {left:,} more: byline story shows them all.</p>" if left > 0 else ""
    )
    return (
        f"<section class='story'><h3>How the story went on</h3><ol>{entries}</ol>{rest}</section>"
    )


def _state(entry: Entry, own: str) -> str:
    article = entry.article
    title = f"<bdi>{escape(article.title)}</bdi>"
    if entry.replaced:
        title += " (replaced since)"
    elif article.id != own:
        title = f"<button type='button' data-choose='{escape(article.id)}'>{title}</button>"
    change = f"<p class='change' dir='auto'>{escape(entry.change)}</p>" if entry.change else ""
    return (
        f"<li><b>{KINDS[entry.kind]}</b> <span class='source'>{source_html(article)}</span>"
        f"<div>{title}</div>{change}</li>"
    )


def render_change(change: Change | None) -> str:
    """The change under way with its progress, or what the last one came to."""
    if change is None:
        return ""
    if change.running:
        return _change(change, _progress(change))
    close = f"<button type='button' class='close' data-choose='{change.number}'>Close</button>"
    said = ""
    if change.error is not None:
        said = f"<p class='error' role='alert'>{escape(change.error)}</p>"
    elif change.outcome is not None:
        said = f"<p class='done' role='status'>{escape(change.outcome.said)}</p>"
        said += _remarks(change.outcome)
    return _change(change, close + said)


def _change(change: Change, said: str) -> str:
    heading = f"<h3><bdi>{escape(change.what)}</bdi></h3>"
    return f"<section class='change' aria-label='The last change'>{heading}{said}</section>"


def _progress(change: Change) -> str:
    stage = STAGES.get(change.stage, change.stage) or "beginning"
    stage = stage[:1].upper() + stage[1:]
    pace = change.pace
    extent = f" value='{pace.done}' max='{pace.total}'" if pace.total else ""
    told = ", ".join(part for part in (stage, str(pace)) if part)
    return (
        f"<progress aria-label='{escape(stage)}'{extent}></progress>"
        f"<p class='note'>{escape(told)}</p>"
    )


def _remarks(outcome: Outcome) -> str:
    kinds = dict.fromkeys(what for what, _, _ in outcome.remarks)
    html = ""
    for kind in kinds:
        of_kind = [(place, reason) for what, place, reason in outcome.remarks if what == kind]
        lines = "".join(
            f"<li><bdi>{escape(places)}</bdi>: {escape(reason)}</li>"
            for places, reason in by_reason(of_kind)
        )
        html += f"<h4>{escape(kind.capitalize())}: {len(of_kind):,}</h4><ul>{lines}</ul>"
    return html


def render_sources(holdings: Holdings, can_change: bool) -> str:
    """What the index is made of: files, folders, and what is looked at on the web."""
    places = [f"<li><bdi>{escape(place)}</bdi></li>" for place in holdings.places]
    places += [_source(source, can_change) for source in holdings.sources]
    if not places:
        return "<p class='note'>No file, folder or feed is noted.</p>"
    return f"<ul class='sources'>{''.join(places)}</ul>"


def _source(source: Source, can_change: bool) -> str:
    forget = (
        f"<button type='button' data-choose='{escape(source.key)}' "
        f"aria-label='Forget {escape(source.place)}'>Forget</button>"
        if can_change
        else ""
    )
    return (
        f"<li><span class='kind'>{source.kind.capitalize()}</span> "
        f"<bdi>{escape(source.place)}</bdi>{forget}</li>"
    )


def render_versions(holdings: Holdings, can_change: bool) -> str:
    """The versions that are kept, the newest first, and the disk that they take."""
    rows = "".join(_version(one, can_change) for one in holdings.kept)
    return (
        f"<ul class='versions'>{rows}</ul><p class='note'>{count(len(holdings.kept), 'version')} "
        f"kept; the index takes {_size(holdings.bytes)} in all.</p>"
    )


def _version(kept: Kept, can_change: bool) -> str:
    manifest = kept.manifest
    when, held, note = escape(kept.version), "Damaged, or of another schema", ""
    if manifest is not None:
        when = _moment(manifest.created_at)
        held = f"{count(manifest.articles, 'article')}, {count(manifest.passages, 'passage')}"
        note = f"<span class='note'>{escape(manifest.note)}</span>"
    if kept.in_use:
        act = "<b class='used'>In use</b>"
    elif can_change and manifest is not None:
        act = (
            f"<button type='button' data-choose='{escape(kept.version)}' "
            f"aria-label='Go back to the version of {when}'>Use this one</button>"
        )
    else:
        act = ""
    return (
        f"<li{' aria-current=true' if kept.in_use else ''}><span class='when' "
        f"title='{escape(kept.version)}'>{when}</span>{act}<span class='held'>{held} · "
        f"{_size(kept.bytes)}</span>{note}</li>"
    )


def _moment(created_at: str) -> str:
    """`2025-06-13T07:30:00+00:00` in the time of this machine, as `13 June 2025, 09:30:00`."""
    try:
        moment = datetime.fromisoformat(created_at).astimezone()
    except ValueError:
        return escape(created_at)
    return f"{moment.day} {moment:%B %Y, %H:%M:%S}"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
