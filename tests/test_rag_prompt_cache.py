"""Which prompts' keys and values are kept, and how much of them is used again."""

from __future__ import annotations

from dataclasses import dataclass

from rag.engines.prompt_cache import LEAST_SHARED, PromptCache

RULES = list(range(1, LEAST_SHARED + 1))
OTHER = list(range(101, 121))


@dataclass
class Keys:
    """The keys of some tokens, which can be cut as those of transformers can."""

    length: int

    def get_seq_length(self) -> int:
        return self.length

    def crop(self, cut: int) -> None:
        assert cut < 0
        self.length += cut


def kept(*prompts: list[int]) -> PromptCache:
    cache = PromptCache(most=2)
    for prompt in prompts:
        cache.keep(prompt, Keys(len(prompt)))
    return cache


def test_of_a_prompt_that_goes_on_all_is_used() -> None:
    assert kept(RULES).take([*RULES, 50], len(RULES)) == (len(RULES), Keys(len(RULES)))


def test_of_another_prompt_its_beginning_is_used() -> None:
    cache = kept([*RULES, 50, 51])
    assert cache.take([*RULES, 60], len(RULES)) == (len(RULES), Keys(len(RULES)))


def test_at_least_the_last_tokens_are_read() -> None:
    assert kept([*RULES, 50]).take([*RULES, 50], len(RULES)) == (len(RULES), Keys(len(RULES)))


def test_what_a_template_has_in_front_of_all_prompts_is_not_a_beginning() -> None:
    cache = kept(RULES)
    assert cache.take([*RULES[:-1], 60], len(RULES)) == (0, None)
    assert cache.take([*RULES, 60], len(RULES)) == (
        len(RULES),
        Keys(len(RULES)),
    )  # it is still kept


def test_the_one_that_shares_most_is_used() -> None:
    cache = kept([*RULES, 50, 51], [*RULES, 60])
    assert cache.take([*RULES, 50, 52], 99) == (len(RULES) + 1, Keys(len(RULES) + 1))


def test_what_is_taken_is_kept_no_more() -> None:
    cache = kept(RULES)
    cache.take([*RULES, 50], len(RULES))
    assert cache.take([*RULES, 50], len(RULES)) == (0, None)


def test_the_one_that_was_not_used_for_longest_goes() -> None:
    cache = kept(RULES, OTHER)
    cache.keep([*RULES, 50], cache.take([*RULES, 50], len(RULES))[1])
    third = [7] * LEAST_SHARED
    cache.keep(third, Keys(len(third)))
    assert cache.take([*OTHER, 1], 99) == (0, None)
    assert cache.take([*RULES, 50, 1], 99)[0] == len(RULES) + 1


def test_what_cannot_be_cut_is_not_used() -> None:
    cache = PromptCache()
    cache.keep([*RULES, 50], object())
    assert cache.take([*RULES, 60], 99) == (0, None)
