"""`python -m eval`: the same as `byline eval`."""

import sys

from rag.cli import main

if __name__ == "__main__":
    main(["eval", *sys.argv[1:]])
