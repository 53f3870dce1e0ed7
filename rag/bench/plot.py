"""The growth that `byline bench search` measured, drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from corpus.errors import BylineError
from rag.bench.search import Size

Curves = dict[str, Callable[[Size], float]]

_PANELS: dict[str, Curves] = {
    "recall@10": {
        "vectors": lambda size: size.searched.recall.vectors,
        "words": lambda size: size.searched.recall.words,
        "both fused": lambda size: size.searched.recall.both,
        "vectors, 1 outlet of 100": lambda size: size.searched.recall.outlet,
    },
    "one search, ms of the processor": {
        "p50": lambda size: size.searched.whole.cpu_p50_ms,
        "p99": lambda size: size.searched.whole.cpu_p99_ms,
        "p99, 1 outlet of 100": lambda size: size.searched.outlet.cpu_p99_ms,
    },
    "most memory, MB": {"of the process": lambda size: size.searched.peak_bytes / 1e6},
    "disk, bytes a passage": {"all files": lambda size: size.bytes_a_passage},
    "made in, s": {"from vectors and text": lambda size: size.build_s},
}


def draw_growth(sizes: Sequence[Size], path: Path) -> None:
    """Write a picture of the form that the file's ending names, such as .png or .svg.

    Raises BylineError where it cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6.2), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    passages = [size.passages for size in sizes]
    for axes, (title, curves) in zip(panels, _PANELS.items(), strict=False):
        for name, value in curves.items():
            axes.plot(passages, [value(size) for size in sizes], marker="o", label=name)
        axes.set_xscale("log")
        axes.set_title(title)
        axes.set_xlabel("passages")
        axes.grid(alpha=0.3)
        if title == "recall@10":
            axes.set_ylim(0.8, 1.01)
        else:
            axes.set_ylim(bottom=0)
        axes.legend(frameon=False, fontsize="small")
    for axes in panels[len(_PANELS) :]:
        axes.axis("off")
    try:
        figure.savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise BylineError(
            f"The plot could not be written to {path} ({error}): name a file that ends in .png or "
            ".svg, in a folder that is there."
        ) from error
