"""The colours and letters of Gradio's own parts: those of page.css."""

from __future__ import annotations

import gradio as gr

SERIF = ("Charter", "Iowan Old Style", "Palatino Linotype", "Georgia", "Liberation Serif", "serif")
PAPER, SHEET, INK, SOFT, RULE = "#fbfaf7", "#ffffff", "#1d1b18", "#5f5b53", "#dcd7cb"
DARK_PAPER, DARK_SHEET, DARK_INK = "#161718", "#1e2022", "#e8e4dc"
DARK_SOFT, DARK_RULE = "#aaa59b", "#36383b"
THEME = gr.themes.Base(font=SERIF, font_mono=("ui-monospace", "monospace")).set(
    body_background_fill=PAPER,
    body_background_fill_dark=DARK_PAPER,
    body_text_color=INK,
    body_text_color_dark=DARK_INK,
    body_text_color_subdued=SOFT,
    body_text_color_subdued_dark=DARK_SOFT,
    background_fill_primary=SHEET,
    background_fill_primary_dark=DARK_SHEET,
    background_fill_secondary=PAPER,
    background_fill_secondary_dark=DARK_PAPER,
    border_color_primary=RULE,
    border_color_primary_dark=DARK_RULE,
    block_background_fill="transparent",
    block_background_fill_dark="transparent",
    block_title_text_color=SOFT,
    block_title_text_color_dark=DARK_SOFT,
    block_info_text_color=SOFT,
    block_info_text_color_dark=DARK_SOFT,
    input_background_fill=SHEET,
    input_background_fill_dark=DARK_SHEET,
    input_background_fill_focus=SHEET,
    input_background_fill_focus_dark=DARK_SHEET,
    input_border_color=SOFT,
    input_border_color_dark=DARK_SOFT,
    input_border_width="1px",
    input_placeholder_color=SOFT,
    input_placeholder_color_dark=DARK_SOFT,
)
