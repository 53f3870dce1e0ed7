"""A process that writes into a database from several threads, which a test may kill.

Usage: writing_at_once.py PLACE THREADS TURNS. It prints the chat and the key of each thread, and a
line for each turn once that is kept; a DatabaseError ends a thread.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from page.conversations import Conversations
from rag.database.connect import Database, DatabaseError
from rag.people import People

OWNER = "an owner"


def write(database: Database, turns: int) -> None:
    people, kept = People(database), Conversations(database)
    try:
        people.add_key(OWNER, "read")
        id_ = kept.keep(OWNER, None, 1, "begun", "Begun?", "1")
        tell(f"{id_} 1")
        for number in range(2, turns + 1):
            kept.keep(OWNER, id_, number, f"turn {number}", "Next?", str(number))
            tell(f"{id_} {number}")
    except DatabaseError as error:
        tell(f"ended {error}")


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    place, threads, turns = sys.argv[1:]
    database = Database(place if "://" in place else Path(place))
    writers = [
        threading.Thread(target=write, args=[database, int(turns)]) for _ in range(int(threads))
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    database.close()
