"""The peers' own environment, which the project's never touches."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from corpus.errors import BylineError
from rag.settings import ROOT

FOLDER = ROOT / ".venv-peers"  # not below a package, whose every file is read as its own
REQUIREMENTS = Path(__file__).with_name("requirements.txt")

QUIET = {
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
    "PYTHONUTF8": "1",
}
"""No system reports home, looks for weights on a hub, or sends what is local through a proxy."""


def interpreter() -> Path:
    """The Python of the peers' environment. BylineError names the command that makes it."""
    names = ("bin/python", "Scripts/python.exe")
    found = next((FOLDER / name for name in names if (FOLDER / name).exists()), None)
    if found is None:
        raise BylineError(
            f"The peers are not installed in {FOLDER}; run: python -m eval.peers setup"
        )
    return found


def process_environment() -> dict[str, str]:
    """What every system's process is started with."""
    return {**os.environ, **QUIET}


def set_up() -> None:
    """Make the environment where it is missing, and install requirements.txt into it.

    Wheels only, so that nothing is compiled. Raises BylineError where a step fails.
    """
    if not FOLDER.is_dir():
        _run([sys.executable, "-m", "venv", str(FOLDER)])
    pip = [str(interpreter()), "-m", "pip", "install", "--disable-pip-version-check"]
    _run([*pip, "--only-binary", ":all:", "-r", str(REQUIREMENTS)])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise BylineError(
            f"The peers' environment in {FOLDER} could not be made ({' '.join(command[1:4])} "
            "failed, its message is above): mend that and run again: python -m eval.peers setup"
        )
