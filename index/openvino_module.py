"""OpenVINO, kept from reporting."""

from __future__ import annotations

import sys
from typing import Any


def openvino() -> Any:
    """The module, without its telemetry, which reports each import to its makers."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
