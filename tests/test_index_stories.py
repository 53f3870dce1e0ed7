"""Which articles are grouped into one story."""

import random
from collections.abc import Sequence

import pytest
from wires import article, cut, replaced, report, shuffled

from corpus.article import Article
from index.near import signature
from index.stories import group, headline, is_marked, is_retraction, updates

WIRE = report(1)
ADDED = "\nReaders of the Daily Herald in Springfield said on Tuesday that they had seen it coming."


def stories(*articles: Article) -> dict[str, str]:
    return group(articles, {a.id: signature(a) for a in articles})


def together(*bodies: str, days: Sequence[str | None] = (), titles: Sequence[str] = ()) -> bool:
    given = [
        article(
            str(i),
            body,
            days[i] if days else "2025-06-13",
            title=titles[i] if titles else f"Headline of outlet {i}",
        )
        for i, body in enumerate(bodies)
    ]
    return len(set(stories(*given).values())) == 1


@pytest.mark.parametrize(
    "copy",
    [
        WIRE,
        "NEW YORK (AP) — " + WIRE,
        WIRE + ADDED,
        cut(WIRE, 4),
        cut(WIRE, 3) + ADDED,
        shuffled(WIRE),
        replaced(WIRE, 0.05),
        replaced(WIRE, 0.1),
        replaced(WIRE, 0.2),
        WIRE.upper(),
    ],
    ids="same dateline added half third+added shuffled 5% 10% 20% capitals".split(),
)
def test_a_copy_is_found(copy: str) -> None:
    assert together(WIRE, copy, titles=["Council votes", "How they voted in the council"])


def test_another_report_is_another_story() -> None:
    assert not together(WIRE, report(2))


def test_a_shared_quotation_makes_no_copy() -> None:
    quotation = cut(WIRE, 2)
    assert not together(WIRE, f"{quotation}\n{report(2)}")


def test_one_template_with_other_names_and_numbers_is_another_story() -> None:
    def filled(names: Sequence[str], numbers: Sequence[int]) -> str:
        lines = (
            "The {0} board has met in the capital and voted by a large majority for a dividend of "
            "{1} cents a share, which will be paid to those who hold shares at the end of May.",
            "A year before it paid {2} cents, when sales of the {0} group were weaker in most of "
            "its markets abroad, and analysts had asked {3} for a word on how it would go on.",
            "The chairman of the board, {4}, told a meeting of shareholders that the year began "
            "well and that he expected profits of {5} million dollars from the plant in {6}.",
        )
        values = [names[0], numbers[0], numbers[1], names[1], names[2], numbers[2], names[3]]
        return "\n".join(lines).format(*values)

    one = filled(["Commerz", "Ames", "Berg", "Lyon"], [12, 34, 560])
    other = filled(["Nissan", "Reed", "Tanaka", "Kobe"], [78, 91, 23])
    assert not together(one, other)


def test_short_texts_need_a_like_headline() -> None:
    notice = " ".join(report(3).split()[:30])
    assert not together(notice, notice, titles=["Quarterly sales rise", "Ship lists on a lake"])
    assert together(notice, notice, titles=["Quarterly sales rise", "Sales rise at Acme"])


def test_texts_without_a_shingle_stay_apart() -> None:
    assert not together("Read more here.", "Read more here.", titles=["News", "News"])


def test_boilerplate_of_many_months_does_not_count() -> None:
    boilerplate = cut(report(9), 4)
    months = [f"2025-{m:02}-01" for m in range(1, 13)]
    bodies = [f"{cut(report(20 + m), 1)}\n{boilerplate}" for m in range(12)]
    articles = [article(str(i), b, months[i]) for i, b in enumerate(bodies)]
    articles.append(article("12", f"{cut(report(40), 1)}\n{boilerplate}", "2025-12-02"))
    assert len(set(stories(*articles).values())) == 13


def test_a_round_up_does_not_join_its_items() -> None:
    items = [report(seed, 4) for seed in (1, 2, 3)]
    articles = [article(str(i), item, title=f"Item {word}") for i, (item, word) in
                enumerate(zip(items, ("harbour", "election", "weather"), strict=True))]  # fmt: skip
    articles.append(article("all", "\n".join(items), title="Today in brief"))
    grouped = stories(*articles)
    assert len({grouped[str(i)] for i in range(3)}) == 3


def test_a_story_does_not_drift() -> None:
    """Each text has half of the one before, so that the ends have nothing in common."""
    lines = [line for seed in range(8) for line in report(seed, 4).splitlines()]
    chain = [article(str(i), "\n".join(lines[i * 4 : i * 4 + 8])) for i in range(7)]
    grouped = stories(*chain)
    assert grouped["0"] != grouped["6"]


def test_a_half_copy_of_another_month_is_another_story() -> None:
    later = f"{cut(WIRE, 4)}\n{report(2, 4)}"
    assert not together(WIRE, later, days=["2025-01-02", "2025-06-13"])


def test_the_same_text_is_one_story_whatever_the_dates() -> None:
    assert together(WIRE, WIRE, days=["2024-06-13", None])


def test_an_update_under_the_same_headline_is_the_same_story() -> None:
    grown = f"{report(4, 8)}\n{cut(WIRE, 3)}"
    titles = ["Council votes on the harbour", "UPDATE 2-Council votes on the harbour"]
    assert together(cut(WIRE, 8), grown, titles=titles)


def test_articles_at_one_address_are_one_story() -> None:
    one, other = article("1", WIRE, url="https://x/1"), article("2", report(2), url="https://x/1")
    assert len(set(stories(one, other).values())) == 1


def test_a_story_has_the_id_of_its_first_article() -> None:
    grouped = stories(
        article("b", WIRE, "2025-06-14"), article("z", cut(WIRE, 5), "2025-06-13T08:00:00+02:00")
    )
    assert grouped == {"b": "z", "z": "z"}


def test_the_order_of_the_articles_does_not_matter() -> None:
    articles = [
        article(f"{seed}-{i}", copy, f"2025-06-{10 + i}")
        for seed in range(6)
        for i, copy in enumerate(
            [report(seed), cut(report(seed), 5), replaced(report(seed), 0.1), report(seed)]
        )
    ]
    signatures = {a.id: signature(a) for a in articles}
    expected = group(articles, signatures)
    assert sorted(set(expected.values())) == [f"{seed}-0" for seed in range(6)]
    for seed in range(5):
        random.Random(seed).shuffle(articles)
        assert group(articles, signatures) == expected


def test_no_articles_have_no_stories() -> None:
    assert group([], {}) == {}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("UPDATE 2-Meta buys a stake", "meta buys a stake"),
        ("CORRECTED-UPDATE 1-Meta buys a stake", "meta buys a stake"),
        ("CORRECTED - Meta buys a stake", "meta buys a stake"),
        ("UPDATE 2-Meta-style deals", "meta style deals"),
        ("Correction: Meta buys a stake", "meta buys a stake"),
        ("Update on the war", "update on the war"),
        ("Repeat offenders - a study", "repeat offenders a study"),
    ],
)
def test_the_headline_without_a_wires_marks(title: str, expected: str) -> None:
    assert headline(title) == expected


@pytest.mark.parametrize(
    ("title", "marked"), [("UPDATE 1-Deal", True), ("Update on a deal", False)]
)
def test_a_mark_tells_that_a_report_came_before(title: str, marked: bool) -> None:
    assert is_marked(title) is marked


@pytest.mark.parametrize(
    ("notice", "retraction"),
    [
        ("This article has been retracted.", True),
        ("The Herald has withdrawn this story.", True),
        ("An earlier version misstated the sum.", False),
    ],
)
def test_a_retraction_takes_an_article_back(notice: str, retraction: bool) -> None:
    assert is_retraction(notice) is retraction


@pytest.mark.parametrize(
    ("later", "earlier", "expected"),
    [
        ({"outlet": "A"}, {"outlet": "a"}, True),
        ({"outlet": "A"}, {"outlet": "B"}, False),
        ({"outlet": "A", "url": "https://x"}, {"outlet": "B", "url": "https://x"}, True),
        ({"title": "UPDATE 1-New"}, {"title": "Old"}, True),
        ({"title": "New"}, {"title": "Old"}, False),
    ],
)
def test_an_update_is_by_the_same_hand(
    later: dict[str, str], earlier: dict[str, str], expected: bool
) -> None:
    new, old = article("1", "x", "2025-06-14", **later), article("2", "x", "2025-06-13", **earlier)
    assert updates(new, old) is expected
    assert not updates(old, new)


def test_without_dates_nothing_is_newer() -> None:
    assert not updates(article("1", "x", None, outlet="A"), article("2", "x", outlet="A"))
