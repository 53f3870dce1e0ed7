"""How well the search ranks: by gold articles, or by answers where only those are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.metrics import contains_answer, searchable
from eval.records import PassageRecord, Record

RANKS = (1, 5, 10)


def article_ranking(passages: Sequence[PassageRecord]) -> list[str]:
    """The articles of the passages, each once, where its best passage stands."""
    return list(dict.fromkeys(passage.article_id for passage in passages))


def ranking_scores(records: Sequence[Record]) -> dict[str, Mapping[str, float]]:
    """By record id: `hit@k`, `recall@k`, `mrr` and `ndcg@10`, each 0 to 1, over ranked articles.

    `hit@k` is whether a gold article is among the first k, `recall@k` the share of them that is.
    Computed by ir_measures (MacAvaney et al. 2022). Records without gold articles are left out.
    """
    import ir_measures
    from ir_measures import RR, R, Success, nDCG

    names = {RR: "mrr", nDCG @ 10: "ndcg@10"}
    names |= {Success @ k: f"hit@{k}" for k in RANKS}
    names |= {R @ k: f"recall@{k}" for k in RANKS}
    judged = [record for record in records if record.gold_articles]
    gold = [
        ir_measures.Qrel(record.id, article, 1)
        for record in judged
        for article in record.gold_articles
    ]
    # Scores that fall by rank: the fused ones may be equal, and then an id would decide.
    found = [
        ir_measures.ScoredDoc(record.id, article, -rank)
        for record in judged
        for rank, article in enumerate(article_ranking(record.retrieved))
    ]
    scores: dict[str, dict[str, float]] = {r.id: dict.fromkeys(names.values(), 0.0) for r in judged}
    for metric in ir_measures.iter_calc(list(names), gold, found):
        scores[metric.query_id][names[metric.measure]] = metric.value
    return dict(scores)


def answer_recall(record: Record, k: int) -> float | None:
    """1 if one of the first k passages holds an accepted answer, else 0."""
    return _holds(record.retrieved[:k], record)


def evidence_recall(record: Record) -> float | None:
    """1 if the evidence chosen for the question holds an accepted answer, else 0."""
    return _holds(record.evidence, record)


def given_recall(record: Record) -> float | None:
    """1 if what the model was given last holds an accepted answer, else 0; None for a refusal."""
    return None if record.abstained else _holds(record.given, record)


def _holds(passages: Sequence[PassageRecord], record: Record) -> float | None:
    """None where no accepted answer is long enough to be looked for, or none should be found."""
    answers = searchable(record.answers)
    if not answers or record.answerable is False:
        return None
    return float(any(contains_answer(passage.text, answers) for passage in passages))
