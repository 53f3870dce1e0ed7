"""What both views of the page are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

AWAY = ["away"]  # the class of what is not to be seen
CHOOSE = (Path(__file__).parent / "choose.js").read_text(encoding="utf-8")
TO_QUESTION = "() => window.bylineToQuestion()"
TO_SEARCH = "() => document.querySelector('#article-search :is(input, textarea)').focus()"


def static_html(value: str, elem_id: str | None = None) -> gr.HTML:
    """HTML that runs nothing and looks as the page's own style sheets say."""
    return gr.HTML(value, elem_id=elem_id, js_on_load=None, apply_default_css=False)


def button(label: str, elem_id: str) -> gr.Button:
    """A small button beside others."""
    return gr.Button(label, elem_id=elem_id, elem_classes="small", size="sm", scale=0)


def seen(yes: bool, *classes: str) -> Any:
    """Show a row or a column with these classes, or not; it keeps what is in it either way."""
    return gr.update(elem_classes=[*classes] if yes else [*AWAY, *classes])


def pressable(yes: bool) -> Any:
    """Show a button, or not."""
    return gr.update(visible=True if yes else "hidden")


def chooser(elem_id: str, value: str = "") -> gr.HTML:
    """HTML with buttons and boxes: `select` brings the value of a button that is pressed, `input`
    the `ids` of boxes and whether they are `on`."""
    return gr.HTML(value, elem_id=elem_id, js_on_load=CHOOSE, apply_default_css=False)


def focus_on(elem_id: str) -> str:
    """The script that moves the focus to a button, or to the field in a part."""
    field = ":is(input, textarea)"
    return (
        f"() => (document.querySelector('#{elem_id} {field}') ?? "
        f"document.getElementById('{elem_id}'))?.focus()"
    )
