"""The citation checker as a judge of claims, against labels that people gave.

By its rules and the support model of the settings, as `byline check` does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from corpus.article import Article
from eval.measure import Options, each, make_result
from eval.questions import sample
from eval.records import OUTCOMES, Figure, Outcome, PassageRecord, Record, Result, Summary
from eval.records import SentenceRecord as Checked
from eval.sets import Claim, read_claims
from eval.statistics import figure, mean_figure
from index.types import Hit, Passage
from rag.load import load_support
from rag.markers import split_draft
from rag.types import SupportModel
from rag.verify import check
from rag.verify.weighed import weigh


def run_attribution(options: Options) -> Result:
    """Judge every claim of AttributionBench's development set; no model answers anything."""
    settings = options.settings(None)
    claims = sample(
        read_claims(settings.eval_data),
        options.limit,
        options.seed,
        lambda claim: (claim.supported, claim.source),
    )
    records = each(claims, partial(judge_claim, model=load_support(settings)))
    return make_result(
        "attribution", settings, options, records, summarise_claims(records, options.seed)
    )


def judge_claim(claim: Claim, model: SupportModel | None = None) -> Record:
    """A claim as the checker takes the sentences of an answer: one after the other, by the rules
    and, where there is one, the support model.

    It is judged supported when each of its sentences is, which `partly` is not: the labels call a
    claim that its references support in part unsupported. `kept` tells what the pipeline would do,
    which lets `partly` stand. The score `support` is that of the sentence that has least of it.
    """
    hits = [
        Hit(Passage(Article(f"{claim.id}:{n}", "", text, language="en"), 0, len(text)), 1.0)
        for n, text in enumerate(claim.references, start=1)
    ]
    drafts = split_draft(claim.claim, len(hits))
    checked = [weigh(check(draft, hits), hits, model) for draft in drafts]
    verdicts = {sentence.verdict for sentence in checked} or {"unsupported"}
    supported = verdicts == {"supported"}
    told = [sentence.support for sentence in checked if sentence.support is not None]
    return Record(
        id=claim.id,
        question=claim.question,
        outcome=_outcome(claim.supported, supported),
        answer=claim.claim,
        abstained=False,
        tags=(claim.source,),
        given=tuple(
            PassageRecord(
                hit.passage.article.id, "", 0, hit.passage.end, hit.passage.text, hit.score
            )
            for hit in hits
        ),
        sentences=tuple(Checked(one.text, one.verdict, one.support) for one in checked),
        scores={
            "labelled": float(claim.supported),
            "judged": float(supported),
            "support": min(told, default=None),
            "kept": float("unsupported" not in verdicts),
            "accuracy": float(supported == claim.supported),
        },
    )


def _outcome(labelled: bool, judged: bool) -> Outcome:
    """The checker's yes and no in the words for answers: a no to a claim is a refusal of it."""
    if judged:
        return "right" if labelled else "answered_unanswerable"
    return "refused_wrongly" if labelled else "refused_rightly"


def summarise_claims(records: Sequence[Record], seed: int = 0) -> Summary:
    """Accuracy and macro-F1 with their intervals, over all claims and over those of each source."""
    tags = sorted({tag for record in records for tag in record.tags})
    counts = Counter(record.outcome for record in records)
    return Summary(
        metrics=_figures(records, seed),
        tags={tag: _figures([r for r in records if tag in r.tags], seed) for tag in tags},
        outcomes={name: counts[name] for name in OUTCOMES},
    )


def _figures(records: Sequence[Record], seed: int) -> dict[str, Figure]:
    def column(name: str) -> list[float]:
        return [value for r in records if (value := r.scores[name]) is not None]

    labelled, judged, kept = column("labelled"), column("judged"), column("kept")
    rows, kept_rows = (list(zip(labelled, x, strict=True)) for x in (judged, kept))
    return {
        "accuracy": mean_figure(column("accuracy"), "share", seed),
        "macro_f1": figure(rows, macro_f1, "share", seed),
        "supported_precision": mean_figure(
            [label if said else None for label, said in rows], "share", seed
        ),
        "supported_recall": mean_figure(
            [said if label else None for label, said in rows], "share", seed
        ),
        "accuracy_partly_counts": mean_figure(
            [float(label == said) for label, said in kept_rows], "share", seed
        ),
        "macro_f1_partly_counts": figure(kept_rows, macro_f1, "share", seed),
    }


def macro_f1(rows: np.ndarray) -> float:
    """The mean of the F1 of both labels, 0 to 1; rows of shape (n, 2) hold label and judgement.

    A label that neither occurs nor is judged has an F1 of 0, as in scikit-learn.
    """
    both = [(rows == label).all(axis=1).sum() for label in (0, 1)]
    either = [(rows == label).sum() for label in (0, 1)]
    return float(np.mean([2 * b / e if e else 0.0 for b, e in zip(both, either, strict=True)]))
