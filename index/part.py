"""The passages to search in where a question is for some of the articles."""

from __future__ import annotations

import json
from collections.abc import Collection

from index.store import Store

_LISTED = "(SELECT value FROM json_each(?))"


def passages_of(
    article_ids: Collection[str],
    store: Store,
    repeats: Collection[int],
    there: Collection[int] | None = None,
) -> frozenset[int]:
    """Those of these articles that are `there` (all, if None is given).

    Of `repeats`, passages that a copy elsewhere says too, those of an article are left out where
    each passage that stands for one of them is of these articles itself: so nothing is lost, and
    what all of them carry is found once.
    """
    ids = json.dumps(list(article_ids))
    of_article = dict(
        store.query(f"SELECT id, article_id FROM passages WHERE article_id IN {_LISTED}", [ids])
    )
    found = of_article.keys() if there is None else of_article.keys() & there
    carried = store.query(
        f"SELECT passage_id, article_id FROM carried WHERE article_id IN {_LISTED}", [ids]
    )
    alone = {article_id for passage_id, article_id in carried if passage_id not in found}
    return frozenset(id_ for id_ in found if id_ not in repeats or of_article[id_] in alone)
