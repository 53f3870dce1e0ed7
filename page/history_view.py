"""The region of conversations: the list, and what a person does with the one that is open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import gradio as gr

from page.chat import Chat, Exchange
from page.conversations import Conversations, Entry, new_owner
from page.export import as_json, as_markdown
from page.kept import from_json, to_json
from page.parts import AWAY, TO_QUESTION, button, chooser, focus_on, seen, static_html
from page.render import render_status
from rag.reading.untrusted import escape
from rag.who import Who, signed_in
from rag.wording import sentence_for

GONE = "This chat is not there any more: it was deleted, or its link is no longer shared."
SHARED = "A chat that somebody shared, to be read. “New chat” begins one of your own."
NONE = "<p class='note'>Chats stay here, for you alone.</p>"
PERSON = "person:"  # the owner of who signed in begins so; no browser's does
NOTHING = "<p class='note'>No chat has these words.</p>"
SURE = "Delete this chat? Its link stops working, too."
_QUIET = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
_SAVE = """(text, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}"""
_LINK = "(token) => (token ? location.origin + location.pathname + '#share=' + token : '')"

Shown = dict[Any, Any]


class HistoryView:
    """The components and what they do."""

    def __init__(self, conversations: Conversations, show: Callable[[Chat], Shown]) -> None:
        """`show` tells what the rest of the page shows of a chat."""
        self.conversations, self.show = conversations, show
        self._entering = threading.Lock()

    def build(self, chat: gr.State) -> None:
        """Made in the layout, where the region stands."""
        self.chat = chat
        with gr.Column(elem_id="conversations"):
            static_html("<h2>Chats</h2>")
            self.words = gr.Textbox(
                label="Search the chats",
                placeholder="Search your chats…",
                show_label=False,
                container=False,
                max_lines=1,
                elem_id="chat-search",
            )
            self.list = chooser("chat-list", NONE)
            with gr.Column(elem_id="chat-tools", elem_classes=AWAY) as self.tools:
                static_html("<h2>This chat</h2>")
                with gr.Row(elem_classes="tools"):
                    self.ask_rename = button("Rename", "ask-rename")
                    self.share = button("Share", "share-chat")
                    self.markdown = button("Markdown", "export-markdown")
                    self.json = button("JSON", "export-json")
                    self.print = button("Print", "print-chat")
                    self.ask_delete = button("Delete…", "ask-delete")
                self._forms()
            self.note = static_html("", "chats-note")
            static_html("<button type='button' data-keys>Keyboard shortcuts</button>", "to-keys")
        self.text, self.name = gr.Textbox(visible="hidden"), gr.Textbox(visible="hidden")
        self.token, self.place = gr.Textbox(visible="hidden"), gr.Textbox(visible="hidden")
        parts = [self.list, self.tools, self.renaming, self.sharing, self.sure, self.note]
        self.parts = [*parts, self.title, self.token, self.place, self.chat]

    def _forms(self) -> None:
        with gr.Row(elem_id="renaming", elem_classes=AWAY) as self.renaming:
            self.title = gr.Textbox(
                label="Name of this chat",
                show_label=False,
                container=False,
                max_lines=1,
                elem_id="chat-title",
            )
            self.rename = button("Save", "rename-chat")
        with gr.Column(elem_id="sharing", elem_classes=AWAY) as self.sharing:
            self.link = gr.Textbox(
                label="Whoever has this link can read this chat as it is now",
                interactive=False,
                max_lines=1,
                buttons=["copy"],
                elem_id="share-link",
            )
            self.unshare = button("Stop sharing", "unshare-chat")
        with gr.Row(elem_id="sure-chat", elem_classes=[*AWAY, "sure"]) as self.sure:
            static_html(f"<p role='alert'>{SURE}</p>")
            self.delete = gr.Button(
                "Delete", elem_id="delete-chat", elem_classes="remove", variant="stop", size="sm"
            )
            self.keep_it = button("Keep it", "keep-chat")

    def connect(self, everything: list[Any], answers: list[Any]) -> None:
        """`everything` is what `show` may tell of, and `answers` are ended when another chat is
        opened."""
        chat, all_ = self.chat, list(dict.fromkeys([*everything, *self.parts]))

        def on(event: Any, act: Callable[..., Shown], *inputs: Any, **options: Any) -> Any:
            return event(act, [chat, *inputs], all_, **_QUIET, **options)

        on(self.words.change, self.search, self.words, trigger_mode="always_last")
        self.to_address(on(self.list.select, self.choose, self.words, cancels=answers))
        on(self.ask_rename.click, self.to_rename).then(None, js=focus_on("chat-title"))
        for event in (self.rename.click, self.title.submit):
            on(event, self.do_rename, self.title, self.words).then(None, js=focus_on("ask-rename"))
        on(self.share.click, self.do_share)
        on(self.unshare.click, self.do_unshare).then(None, js=focus_on("share-chat"))
        on(self.ask_delete.click, self.to_delete).then(None, js=focus_on("delete-chat"))
        on(self.keep_it.click, self.forms).then(None, js=focus_on("ask-delete"))
        deleted = on(self.delete.click, self.do_delete, self.words)
        deleted.then(None, js=TO_QUESTION)
        self.to_address(deleted)
        for press, write, name in (
            (self.markdown, as_markdown, "chat.md"),
            (self.json, as_json, "chat.json"),
        ):
            press.click(
                lambda chat, _write=write, _name=name: (_write(chat.title, chat.exchanges), _name),
                *(chat, [self.text, self.name]),
                **_QUIET,
            ).then(None, [self.text, self.name], js=_SAVE)
        self.print.click(None, js="() => print()")
        self.token.change(None, self.token, self.link, js=_LINK)
        self.place.change(
            None, self.place, js="(id) => window.bylinePlace({ chat: id, share: '' })"
        )

    def to_address(self, event: Any) -> None:
        """Once an event is over, let the address name the chat that is open then."""
        event.then(None, self.place, js="(id) => window.bylinePlace({ chat: id, share: '' })")

    # What is shown.

    def enter(self, chat: Chat, owner: str, chat_id: str, token: str) -> bool:
        """Make a session's chat the one of its address, for the owner of this browser or whoever
        has a link; whether there is one to be shown. The first event does it, whichever that is: a
        question may come before the page has told that it is there, or after the server has been
        started again."""
        with self._entering:
            if chat.entered:
                return False
            chat.become(Chat(owner=owner_of(signed_in.get(), owner), entered=True))
            if not (token or chat_id):
                return False
            try:
                chat.become(self._opened(chat.owner, chat_id, token))
            except Exception as error:  # chats that cannot be read are said, and asking goes on
                chat.note = sentence_for(error)
            return True

    def _opened(self, owner: str, chat_id: str, token: str = "") -> Chat:
        """The chat that is shared by a token or else the owner's own; without it, a new one."""
        shared = bool(token)
        kept = (
            self.conversations.shared(token) if shared else self.conversations.open(owner, chat_id)
        )
        if kept is None:
            return Chat(owner=owner, note=GONE, entered=True)
        exchanges = [from_json(turn, number) for number, turn in enumerate(kept.turns, start=1)]
        note = SHARED if shared else ""
        return Chat(exchanges, owner, kept.id, kept.title, shared, note, entered=True)

    def shown(self, chat: Chat, words: str = "") -> Shown:
        """The list and the tools as they are now; nothing of the chat itself."""
        entries = self.conversations.entries(chat.owner, words) if chat.owner else []
        return {
            self.list: render_list(entries, chat.id, bool(words.strip())),
            self.tools: seen(chat.id is not None and not chat.read_only),
            self.note: "",
            self.place: "" if chat.read_only else chat.id or "",
            **self.forms(chat),
        }

    def forms(self, chat: Chat, open_: Any = None) -> Shown:
        """One of the forms, or none."""
        rows = {self.renaming: (), self.sharing: (), self.sure: ("sure",)}
        return {row: seen(row is open_, *classes) for row, classes in rows.items()}

    def keep(self, chat: Chat, exchange: Exchange) -> Shown:
        """Keep one turn of a chat, new or changed."""
        said = f"{exchange.question}\n{exchange.said}"
        turn = to_json(exchange)
        try:
            chat.id = self.conversations.keep(
                chat.owner, chat.id, exchange.number, said, exchange.question, turn
            )
            chat.title = chat.title or exchange.question
        except Exception as error:  # the answer stays where it is, and so does the page
            return {self.note: render_status(sentence_for(error), "error")}
        return self.shown(chat)

    # What a person does.

    def search(self, chat: Chat, words: str) -> Shown:
        return self._safely(lambda: {self.list: self.shown(chat, words)[self.list]})

    def choose(self, chat: Chat, words: str, event: gr.EventData) -> Shown:
        """Open another chat."""
        if (last := chat.at("asked", "answering")) is not None:
            last.stop_asked = True

        def opened() -> Shown:
            now = self._opened(chat.owner, str(event.value))
            return {self.chat: now, **self.show(now), **self.shown(now, words)}

        return self._safely(opened)

    def to_rename(self, chat: Chat) -> Shown:
        return {**self.forms(chat, self.renaming), self.title: chat.title}

    def do_rename(self, chat: Chat, title: str, words: str) -> Shown:
        def renamed() -> Shown:
            self.conversations.rename(chat.owner, chat.id or "", title)
            chat.title = title.strip()
            return self.shown(chat, words)

        return self._safely(renamed)

    def do_share(self, chat: Chat) -> Shown:
        return self._safely(
            lambda: {
                self.token: self.conversations.share(chat.owner, chat.id or ""),
                **self.forms(chat, self.sharing),
            }
        )

    def do_unshare(self, chat: Chat) -> Shown:
        def stopped() -> Shown:
            self.conversations.unshare(chat.owner, chat.id or "")
            told = "The link does not work any more."
            return {**self.forms(chat), self.token: "", self.note: render_status(told, "note")}

        return self._safely(stopped)

    def to_delete(self, chat: Chat) -> Shown:
        return self.forms(chat, self.sure)

    def do_delete(self, chat: Chat, words: str) -> Shown:
        def deleted() -> Shown:
            self.conversations.delete(chat.owner, chat.id or "")
            now = Chat(owner=chat.owner, entered=True)
            return {self.chat: now, **self.show(now), **self.shown(now, words)}

        return self._safely(deleted)

    def _safely(self, act: Callable[[], Shown]) -> Shown:
        try:
            return act()
        except Exception as error:  # the page goes on after any error, and says so
            return {self.note: render_status(sentence_for(error), "error")}


def owner_of(who: Who | None, told: object) -> str:
    """Whose chats a session sees: a person's who signed in, else those of a browser, by what it
    tells; a new browser's if that is nobody's."""
    if who is not None:
        return f"{PERSON}{who.name}"
    known = isinstance(told, str) and len(told) >= 32 and not told.startswith(PERSON)
    return str(told) if known else new_owner()


def render_list(entries: list[Entry], open_id: str | None, searched: bool) -> str:
    """The chats as buttons under the days that they were last used."""
    if not entries:
        return NOTHING if searched else NONE
    html: list[str] = []
    heading = ""
    for entry in entries:
        if (when := _when(entry.changed)) != heading:
            heading = when
            html.append(f"{'</ul>' if html else ''}<h3>{when}</h3><ul>")
        current = " aria-current='true'" if entry.id == open_id else ""
        html.append(
            f"<li><button type='button' data-choose='{escape(entry.id)}'{current}>"
            f"<bdi>{escape(entry.title)}</bdi></button></li>"
        )
    return f"{''.join(html)}</ul>"


def _when(changed: float) -> str:
    day, today = datetime.fromtimestamp(changed).date(), datetime.now().date()
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day.day} {day:%B %Y}"
