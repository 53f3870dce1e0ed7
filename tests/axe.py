"""What axe-core finds wrong with a page for people who do not see it or use no mouse."""

from __future__ import annotations

from playwright.sync_api import Page


def grave(page: Page) -> list[str]:
    """The serious and critical violations, each with the first of its elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
