"""The tables of docs/SIZING.md: `sizing.py` writes them anew, from the figures below.

Measured figures are those of docs/LOG.md, in its words; assumed ones are named so on the page.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "SIZING.md"

# Measured
PASSAGES = 53_927 / 3_015  # of an article of the larger kind
BYTES = 4_628  # on disk, of a passage among 1,000,000
VERSIONS = 3  # kept_versions
PROCESS_MB = 320  # of searching, before there is a passage
PASSAGE_KB = (1_166 - 574) / 700  # of memory: between 300,000 and 1,000,000 passages
EMBEDDED = 104.4 / 2  # passages a second and core
PUBLISHED = 1_000_000 / 747  # passages a second, of a whole version
SEARCH_MS, SEARCH_MS_MORE = 3.9, 16.0  # of a core, and more for each 1,000,000 passages
ANSWERS = 10  # a minute, of two cores with BF16: 6 s each

# Assumed
MILVUS_FROM = 5_000_000  # passages
MILVUS_BYTES = 2_300  # of memory: 384 numbers of 4 bytes, a graph, and the words' weights
NODE_GB = 45  # of 64 that a query node has
GPU_ANSWERS = 60  # a minute, of a GPU with 24 GB and a model of 7 billion parameters
ASKING = 30  # a minute, of a replica whose answers come from there: 2 s each, one at a time
CORE, MEMORY, DISK, OBJECTS, GPU = 25.0, 3.0, 0.08, 0.023, 600.0  # dollars a month


@dataclass(frozen=True)
class Size:
    """What an index of so many articles takes."""

    articles: int

    @property
    def passages(self) -> float:
        return self.articles * PASSAGES

    @property
    def in_milvus(self) -> bool:
        return self.passages > MILVUS_FROM

    @property
    def version_gb(self) -> float:
        return self.passages * BYTES / 1e9

    @property
    def memory_gb(self) -> float:
        """Of one process that searches by its own files."""
        return PROCESS_MB / 1e3 + self.passages * PASSAGE_KB / 1e6

    @property
    def search_ms(self) -> float:
        return SEARCH_MS + SEARCH_MS_MORE * self.passages / 1e6

    @property
    def embedding_hours(self) -> float:
        return self.passages / EMBEDDED / 3600

    @property
    def publishing_hours(self) -> float:
        return self.passages / PUBLISHED / 3600

    @property
    def milvus_gb(self) -> float:
        return self.passages * MILVUS_BYTES / 1e9

    @property
    def nodes(self) -> int:
        """Query nodes, each passage in one of them."""
        return math.ceil(self.milvus_gb / NODE_GB) if self.in_milvus else 0

    @property
    def cost(self) -> float:
        """Dollars a month of what holds and searches it once: disk, and memory or query nodes."""
        disk = self.version_gb * VERSIONS * DISK
        if not self.in_milvus:
            return disk + self.memory_gb * MEMORY + 2 * CORE
        objects = self.milvus_gb * VERSIONS * OBJECTS
        return disk + objects + self.nodes * (64 * MEMORY + 8 * CORE)


def number(value: float) -> str:
    """Two figures that count."""
    if value >= 100:
        places = 1 - math.floor(math.log10(value))
        return f"{round(value, places):,.0f}"
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def bytes_of(gigabytes: float) -> str:
    return f"{number(gigabytes / 1e3)} TB" if gigabytes >= 1000 else f"{number(gigabytes)} GB"


def hours(value: float) -> str:
    if value < 1:
        return f"{number(value * 60)} min"
    return f"{number(value)} h" if value < 100 else f"{number(value / 24)} days"


def storage_table() -> str:
    rows = [
        "| articles | passages | a version on disk, three | embedding, on one core | publishing a "
        "version | searched by | its memory | a search, one core | dollars a month |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for articles in (10**power for power in range(4, 9)):
        one = Size(articles)
        if one.in_milvus:
            nodes = f"{one.nodes} query node{'s' if one.nodes > 1 else ''}"
            by, memory, search = f"Milvus, {nodes}", bytes_of(one.milvus_gb), "not measured"
        else:
            by, memory, search = "files", bytes_of(one.memory_gb), f"{number(one.search_ms)} ms"
        rows.append(
            f"| {articles:,} | {number(one.passages)} | {bytes_of(one.version_gb)}, "
            f"{bytes_of(one.version_gb * VERSIONS)} | {hours(one.embedding_hours)} | "
            f"{hours(one.publishing_hours)} | {by} | {memory} | {search} | {number(one.cost)} |"
        )
    return "\n".join(rows)


def answers_table() -> str:
    rows = [
        "| answers a minute | replicas of two cores and 8 GB that answer themselves | dollars a "
        "month | GPUs that answer, and replicas that ask them | dollars a month |",
        "|---|---|---|---|---|",
    ]
    for wanted in (5, 20, 60, 300, 1_000):
        replicas, gpus = math.ceil(wanted / ANSWERS), math.ceil(wanted / GPU_ANSWERS)
        asking = max(2, math.ceil(wanted / ASKING))
        one = 2 * CORE + 8 * MEMORY
        rows.append(
            f"| {wanted:,} | {replicas} | {number(replicas * one)} | {gpus}, {asking} | "
            f"{number(gpus * GPU + asking * one)} |"
        )
    return "\n".join(rows)


def with_tables(page: str) -> str:
    """The page with its tables as they are computed now."""
    for name, table in (("storage", storage_table()), ("answers", answers_table())):
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        assert mark.search(page), f"the page has no place for the table {name}"
        page = mark.sub(lambda m, t=table: f"{m[1]}{t}\n{m[2]}", page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
