"""The one language model of the peers: llama.cpp's HTTP server, in its own process.

Source: https://github.com/ggml-org/llama.cpp/tree/master/tools/server, from the xllamacpp wheel.
"""

from __future__ import annotations

from typing import Any

from eval.peers.protocol import serve
from rag.engines.llamacpp import physical_cores

CONTEXT_TOKENS = 8192
MOST_NEW_TOKENS = 512


class ModelServer:
    """Runs until its process ends."""

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load `model`, a GGUF file, and reply with the address, on a free port of loopback."""
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = request["model"]
        params.n_ctx = CONTEXT_TOKENS
        params.n_parallel = 1
        params.n_predict = MOST_NEW_TOKENS
        params.sampling.temp = 0.0
        params.cpuparams.n_threads = request["threads"] or physical_cores()
        params.cpuparams_batch.n_threads = request["threads"] or physical_cores()
        # Prompts of earlier questions would stay in memory and speed up the next one like them.
        params.cache_ram_mib = 0
        params.port = 0
        params.api_keys = [request["key"]]
        params.endpoint_metrics = True
        params.verbosity = -1
        self._server = xllamacpp.Server(params)
        return {"address": self._server.listening_address}

    def usage(self, request: dict[str, Any]) -> dict[str, Any]:
        """Nothing but the memory and the processor time that every reply has."""
        return {}


if __name__ == "__main__":
    server = ModelServer()
    serve({"start": server.start, "usage": server.usage})
