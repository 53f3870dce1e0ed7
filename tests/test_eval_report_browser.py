"""The report in real Chromium, opened as a file, with hostile text wherever text can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from test_eval_report import HOSTILE, QUOTE, REFUSED, RIGHT, hostile_result, result_of

from eval.compare import compare, render_html
from eval.records import write_result
from eval.report import write_report

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reports") / "gold.json"
    write_result(hostile_result(), path)
    return write_report(path)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Opens a file in a session of its own. At the end: nothing was fetched, refused or broken."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    said: list[str] = []

    def start(path: Path, width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield start
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith("file:")] == []
    assert said == []


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")


def shown(page: Page) -> int:
    return page.locator(".question:visible").count()


def test_nothing_hostile_is_executed(visit: Open, report: Path) -> None:
    page = visit(report)
    open_all(page)
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert page.locator("main script, main img, [onload], [onerror]").count() == 0
    expect(page.locator(".asked").last).to_contain_text("<script>window.hacked = 1</script>")


def test_a_template_of_others_stays_as_it_is(visit: Open, report: Path) -> None:
    expect(visit(report).locator("h1")).to_contain_text("{{ 7 * 7 }}")


def test_a_script_that_got_in_would_not_run(browser: Browser, report: Path, tmp_path: Path) -> None:
    """The policy holds by itself, were the escaping ever to fail."""
    script = "<main><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    page_text = report.read_text(encoding="utf-8").replace("<main>", script, 1)
    (tmp_path / "planted.html").write_text(page_text, encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "planted.html").as_uri())
    assert page.locator("main > script").count() == 1
    assert page.evaluate("typeof window.hacked") == "undefined"
    page.close()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_nothing_is_wider_than_the_screen(
    visit: Open, report: Path, width: int, scheme: str
) -> None:
    page = visit(report, width, scheme)
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_words_that_run_backwards_stay_in_their_place(visit: Open, report: Path) -> None:
    """An override that is never closed must not turn the text after it."""
    page = visit(report)
    isolated = page.locator(".data, bdi").evaluate_all(
        "(all) => all.every((one) => getComputedStyle(one).unicodeBidi.startsWith('isolate'))"
    )
    assert isolated


def test_dark_and_light_differ_and_both_can_be_read(visit: Open, report: Path) -> None:
    colours = [
        visit(report, scheme=scheme).evaluate(
            "[getComputedStyle(document.body).color,"
            " getComputedStyle(document.body).backgroundColor,"
            " getComputedStyle(document.querySelector('figure svg text')).fill]"
        )
        for scheme in ("light", "dark")
    ]
    assert all(light != dark for light, dark in zip(*colours, strict=True))
    for ink, paper, tick in colours:
        assert contrast(ink, paper) > 7
        assert contrast(tick, paper) > 4.5


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2 between two colours as `rgb(r, g, b)`."""

    def luminance(colour: str) -> float:
        channels = [int(part) / 255 for part in colour[4:-1].split(",")]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


class TestFilters:
    def test_all_questions_are_shown_at_first(self, visit: Open, report: Path) -> None:
        page = visit(report)
        assert shown(page) == 4
        expect(page.locator("output")).to_have_text("4 of 4 shown")

    def test_by_outcome(self, visit: Open, report: Path) -> None:
        page = visit(report)
        page.get_by_label("Outcome").select_option("used_but_wrong")
        assert shown(page) == 1
        expect(page.locator("output")).to_have_text("1 of 4 shown")

    def test_by_all_that_went_wrong(self, visit: Open, report: Path) -> None:
        page = visit(report)
        page.get_by_label("Outcome").select_option("wrong")
        expect(page.locator(".question:visible .badge")).to_have_text(["Used, but wrong"])

    def test_by_tag_even_a_hostile_one(self, visit: Open, report: Path) -> None:
        page = visit(report)
        page.get_by_label("Tag").select_option("factual")
        assert shown(page) == 2
        page.get_by_label("Tag").select_option(HOSTILE)
        assert shown(page) == 1

    def test_by_words(self, visit: Open, report: Path) -> None:
        page = visit(report)
        page.get_by_role("searchbox").fill("CAPITAL of")
        expect(page.locator(".question:visible .asked")).to_have_text([REFUSED.question])

    def test_filters_add_up_and_are_taken_back(self, visit: Open, report: Path) -> None:
        page = visit(report)
        page.get_by_label("Outcome").select_option("right")
        page.get_by_label("Tag").select_option("off-topic")
        assert shown(page) == 0
        page.get_by_role("button", name="Show all").click()
        expect(page.locator("output")).to_have_text("4 of 4 shown")

    def test_an_outcome_of_the_list_shows_its_questions(self, visit: Open, report: Path) -> None:
        page = visit(report)
        page.locator("[data-show-outcome=refused_rightly]").click()
        expect(page.locator(".question:visible .badge")).to_have_text(["Rightly refused"])

    def test_a_tag_of_the_table_shows_its_questions(self, visit: Open, report: Path) -> None:
        page = visit(report)
        page.get_by_role("link", name="amount").click()
        assert shown(page) == 1


def test_a_citation_leads_to_the_marked_sentence(visit: Open, report: Path) -> None:
    page = visit(report)
    page.locator("#q1 > summary").click()
    page.locator("#q1 .cite a").click()
    marked = page.locator("#q1-p1 mark")
    expect(marked).to_have_text(QUOTE)
    expect(marked).to_be_in_viewport()
    painted = marked.evaluate("(one) => getComputedStyle(one).backgroundColor")
    assert painted == "rgb(251, 236, 166)"


def test_an_address_of_a_passage_opens_its_question(visit: Open, report: Path) -> None:
    page = visit(report)
    page.goto(f"{report.as_uri()}#q2-p1")
    expect(page.locator("#q2-p1 mark")).to_be_in_viewport()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_the_comparison_fits_too(visit: Open, tmp_path: Path, width: int, scheme: str) -> None:
    first = hostile_result()
    changed = [replace(record, outcome="not_used") for record in first.records]
    page_path = tmp_path / "compare.html"
    page_path.write_text(render_html(compare(first, result_of(changed))), encoding="utf-8")
    page = visit(page_path, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("typeof window.hacked") == "undefined"
    expect(page.locator(".question")).to_have_count(4)


def test_a_report_that_is_printed_has_no_filters(visit: Open, tmp_path: Path) -> None:
    write_result(result_of([RIGHT]), tmp_path / "gold.json")
    page = visit(write_report(tmp_path / "gold.json"))
    page.emulate_media(media="print")
    expect(page.locator("#filters")).to_be_hidden()
