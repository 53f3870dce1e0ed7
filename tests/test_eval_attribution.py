"""The citation checker as a judge of claims."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fakes import ScriptedSupport

from eval.attribution import judge_claim, macro_f1, run_attribution, summarise_claims
from eval.measure import Options
from eval.records import Outcome
from eval.sets import Claim

REFERENCES = ("The founder of the firm was Wang.", "It paid $5 million for the stake.")


def claim(text: str, supported: bool = True) -> Claim:
    return Claim("c", "Who?", text, REFERENCES, supported, "LFQA")


@pytest.mark.parametrize(
    ("text", "supported", "outcome"),
    [
        ("The founder of the firm was Wang.", True, "right"),
        ("The founder of the firm was Wang.", False, "answered_unanswerable"),
        ("It paid $6 million for the stake.", True, "refused_wrongly"),
        ("It paid $6 million for the stake.", False, "refused_rightly"),
    ],
)
def test_a_judgement_is_held_against_the_label(
    text: str, supported: bool, outcome: Outcome
) -> None:
    record = judge_claim(claim(text, supported))
    assert record.outcome == outcome
    assert record.scores["accuracy"] == float(outcome in ("right", "refused_rightly"))


def test_each_sentence_of_a_claim_must_be_supported() -> None:
    record = judge_claim(claim("The founder of the firm was Wang. It paid $6 million for it."))
    assert [sentence.verdict for sentence in record.sentences] == ["supported", "unsupported"]
    assert record.scores["judged"] == 0


def test_a_support_model_is_weighed_with_the_rules() -> None:
    text = "The company bought its share."
    by_rules, by_both = judge_claim(claim(text)), judge_claim(claim(text), ScriptedSupport(0.9))
    assert (by_rules.scores["judged"], by_both.scores["judged"]) == (0, 1)
    assert by_both.scores["support"] == 0.9


def test_a_claim_without_words_is_not_supported() -> None:
    assert judge_claim(claim("...")).scores["judged"] == 0


def test_macro_f1_is_the_mean_of_both_labels() -> None:
    # label 1: 2 right of 3 said and 3 meant: 4 / 6; label 0: 1 right of 2 and 2: 2 / 4
    rows = np.array([(1, 1), (1, 1), (1, 0), (0, 1), (0, 0)])
    assert macro_f1(rows) == pytest.approx((4 / 6 + 2 / 4) / 2)


def test_a_label_that_never_occurs_counts_as_0() -> None:
    assert macro_f1(np.array([(1, 1)])) == 0.5


def test_precision_and_recall_of_what_is_called_supported() -> None:
    records = [
        judge_claim(claim("The founder of the firm was Wang.")),
        judge_claim(claim("The founder of the firm was Wang.", supported=False)),
        judge_claim(claim("It paid $6 million for the stake.")),
    ]
    metrics = summarise_claims(records).metrics
    # judged yes, yes, no; labelled yes, no, yes
    assert metrics["accuracy"].value == pytest.approx(1 / 3)
    assert metrics["supported_precision"].value == 1 / 2
    assert metrics["supported_recall"].value == 1 / 2


def test_the_suite_judges_without_a_model(tmp_path: Path) -> None:
    rows = [
        {
            "id": str(n),
            "question": "Who?",
            "claim": "The founder was Wang.",
            "references": list(REFERENCES),
            "supported": n % 2 == 0,
            "source": "LFQA",
        }
        for n in range(6)
    ]
    (tmp_path / "attributionbench-dev.jsonl").write_text("\n".join(map(json.dumps, rows)))
    result = run_attribution(Options(data=tmp_path, limit=4, support="rules"))
    assert result.summary.metrics["accuracy"].n == 4
    assert result.summary.tags["LFQA"]["accuracy"].value == 0.5
