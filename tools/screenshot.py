"""A picture of the page with an answer: `screenshot.py URL QUESTION OUT.png [--dark] [--phone]`.

Asks the running page in Chromium and waits until the answer is complete and checked.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LONGEST_MS = 300_000  # a slow machine that loads the model first
DESK, PHONE = (1280, 800), (390, 844)


def take(url: str, question: str, out: Path, dark: bool = False, phone: bool = False) -> None:
    """Save the page with an answer as a PNG: 1280 by 800 pixels with its evidence beside it, or 390
    by 844, as a phone shows it."""
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("No Chromium was found: install it (Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        width, height = PHONE if phone else DESK
        page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        page.goto(url)
        page.locator("#question textarea").fill(question)
        page.locator("#question textarea").press("Enter")
        settled = page.locator("#chat .turn[aria-busy='false']")
        settled.locator(".took, .error").wait_for(timeout=LONGEST_MS)
        expect(page.locator("#send")).to_be_visible()
        page.screenshot(path=out, animations="disabled", caret="hide")
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take a picture of the page with an answer.")
    parser.add_argument("url")
    parser.add_argument("question")
    parser.add_argument("out", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--phone", action="store_true")
    chosen = parser.parse_args()
    take(chosen.url, chosen.question, chosen.out, chosen.dark, chosen.phone)
