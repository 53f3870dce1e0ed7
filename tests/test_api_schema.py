"""What the API promises in its schema, tried out by schemathesis: every route, right and wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from counter import counter

from rag.upkeep.library import Outcome

EXAMPLES = 3
# That a question is in English, an article has words and a day follows another, no schema can say:
# these are told with 400. What a file holds is told by its job: to a form all bytes are alike.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "429", "5xx"]

[[operations]]
include-name = "POST /v1/articles:upload"
checks.negative_data_rejection.enabled = false
"""


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    program = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"
    with counter(tmp_path / "api") as one:
        one.parts.library.fetch = lambda *given: Outcome("Nothing.")  # type: ignore[method-assign]
        done = subprocess.run(
            [
                *(sys.executable, "-c", program, "--no-color", "run", f"{one.url}/openapi.json"),
                *("--max-examples", str(EXAMPLES)),
                *("--phases", "coverage,fuzzing"),
                *("--continue-on-failure", "--request-timeout", "30"),
                "--generation-deterministic",
            ],
            cwd=tmp_path,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
