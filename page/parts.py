"""What both views of the page are made of."""

from __future__ import annotations

import gradio as gr


def static_html(value: str, elem_id: str | None = None) -> gr.HTML:
    """HTML that runs nothing and looks as the page's own style sheets say."""
    return gr.HTML(value, elem_id=elem_id, js_on_load=None, apply_default_css=False)
