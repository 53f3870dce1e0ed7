"""Makes an index hold what a folder holds, in processes that are killed when the test says so.

Usage: killed_update.py INDEX FOLDER. The input and the answers are those of killed_sync.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fakes import HashingEmbedder
from killed_sync import serve

from corpus import files
from index import embeddings
from index.history import bytes_of
from index.versions import current_version
from rag.settings import Settings
from rag.upkeep.indexing import add, update


def update_once(index: Path, folder: Path) -> None:
    settings = Settings(index=index, keep_versions=2)
    (add if current_version(index) is None else update)(settings, [folder], HashingEmbedder())


def main() -> None:
    index, folder = Path(sys.argv[1]), Path(sys.argv[2])
    embeddings.SAVED_EVERY, files._HERE = 4, 4
    files.cores = lambda: 2  # processes that parse, on a machine with one core too
    update_once(index.with_name("warm"), folder)  # loads every library before the first fork
    assert bytes_of(index.with_name("warm"))
    serve(lambda: update_once(index, folder))


if __name__ == "__main__":
    main()
