"""Several prompts in one row."""

from __future__ import annotations

import torch

from rag.engines.packing import Packed

PROMPTS = [[1, 2, 3, 4], [1, 2, 5], [1, 2, 3, 6, 7]]


def test_the_common_beginning_stands_once() -> None:
    assert Packed(PROMPTS).ids == [1, 2, 3, 4, 5, 3, 6, 7]


def test_each_token_keeps_the_position_of_its_prompt() -> None:
    assert Packed(PROMPTS).positions == [0, 1, 2, 3, 2, 2, 3, 4]


def test_every_token_is_found_again() -> None:
    packed = Packed(PROMPTS)
    found = [[packed.ids[packed.place(n, i)] for i in range(len(p))] for n, p in enumerate(PROMPTS)]
    assert found == PROMPTS


def test_a_token_sees_the_beginning_and_its_own_prompt_before_it() -> None:
    packed = Packed(PROMPTS)
    seen = (packed.mask(torch.float32, "cpu")[0, 0] == 0).int().tolist()
    assert seen[packed.place(2, 3)] == [1, 1, 0, 0, 0, 1, 1, 0]
    assert seen[packed.place(1, 2)] == [1, 1, 0, 0, 1, 0, 0, 0]


def test_what_is_not_seen_has_the_least_of_numbers() -> None:
    mask = Packed(PROMPTS).mask(torch.bfloat16, "cpu")
    assert mask.unique().tolist() == [torch.finfo(torch.bfloat16).min, 0]


def test_equal_prompts_keep_a_token_of_their_own() -> None:
    packed = Packed([[1, 2], [1, 2]])
    assert packed.ids == [1, 2, 2]
    assert packed.place(0, 1) != packed.place(1, 1)


def test_a_single_prompt_is_as_it_was() -> None:
    packed = Packed([[1, 2, 3]])
    assert (packed.ids, packed.positions) == ([1, 2, 3], [0, 1, 2])


def test_a_prompt_of_one_token_shares_nothing() -> None:
    assert Packed([[1], [1, 2]]).ids == [1, 1, 2]
