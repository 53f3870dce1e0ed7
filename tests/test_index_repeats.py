"""Which passages of a story are repeats, and who carried those that are left."""

from wires import article, cut, report

from corpus.article import Article
from index.chunk import chunk
from index.repeats import Repeats, find_repeats

WIRE = report(1)
DEAL = "Meta paid 14.3 billion dollars for 49 percent of Scale AI, the start-up said on Friday."


def found(*articles: Article) -> Repeats:
    passages = [passage for a in articles for passage in chunk(a)]
    return find_repeats(dict(enumerate(passages)))


def left(*articles: Article) -> list[str]:
    """The article of each passage that stays to be searched."""
    passages = [passage for a in articles for passage in chunk(a)]
    repeated = find_repeats(dict(enumerate(passages))).repeated
    return [p.article.id for i, p in enumerate(passages) if i not in repeated]


def test_a_copy_repeats_all() -> None:
    assert set(left(article("a", WIRE), article("b", "LONDON — " + WIRE, None))) == {"a"}


def test_the_copy_with_most_text_is_chosen() -> None:
    assert set(left(article("a", cut(WIRE, 5)), article("b", WIRE, "2025-06-14"))) == {"b"}


def test_of_equal_copies_the_first_to_publish_is_chosen() -> None:
    later = article("a", WIRE, "2025-06-14", outlet="A")
    assert set(left(later, article("b", WIRE, "2025-06-13", outlet="B"))) == {"b"}


def test_a_newer_state_of_the_same_outlet_is_chosen_though_it_is_shorter() -> None:
    old = article("a", WIRE, "2025-06-13", outlet="Herald")
    new = article("b", cut(WIRE, 7), "2025-06-14", outlet="Herald")
    passages = left(old, new)
    assert passages.count("b") == len(chunk(new))
    assert passages.count("a") < len(chunk(old))


def test_an_added_sentence_stays_to_be_found() -> None:
    added = "Residents of Springfield told the Daily Herald that nobody had asked them about it."
    assert left(article("a", DEAL + " " + report(5, 1)), article("b", f"{DEAL} {added}")) == [
        "a",
        "b",
    ]


def test_another_number_is_no_repeat() -> None:
    other = DEAL.replace("14.3", "15")
    assert left(article("a", DEAL, outlet="A"), article("b", other, outlet="B")) == ["a", "b"]


def test_the_newer_number_stands_in_an_update() -> None:
    old = article("a", DEAL, "2025-06-13", outlet="A")
    new = article("b", DEAL.replace("14.3", "15"), "2025-06-14", outlet="A")
    assert left(old, new) == ["b"]
    assert found(old, new).carried == {}


def test_who_carried_a_passage() -> None:
    copies = found(article("a", DEAL), article("b", DEAL), article("c", report(5)))
    assert copies.carried == {0: ("b",)}


def test_passages_of_few_words_repeat_when_all_their_words_do() -> None:
    assert left(article("a", "It rained today.\n" + DEAL), article("b", "It rained today.")) == [
        "a"
    ]
    assert left(article("a", DEAL), article("b", "Meta paid nothing.")) == ["a", "b"]
