"""llama.cpp's own HTTP server in a process of its own, which a test may kill.

Usage: llama_alone.py MODEL.gguf PORT. It serves until the process ends.
"""

from __future__ import annotations

import sys
import threading

import xllamacpp

if __name__ == "__main__":
    model, port = sys.argv[1:]
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {"smollm"}
    params.n_ctx, params.n_parallel = 2048, 2
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.port, params.verbosity = int(port), -1
    server = xllamacpp.Server(params)
    threading.Event().wait()
