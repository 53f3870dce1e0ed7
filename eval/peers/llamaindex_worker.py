"""LlamaIndex's starter query engine over local models, in its own process.

https://developers.llamaindex.ai/python/framework/getting_started/starter_example_local for the
models and their context window; the first five passages and the streaming from its questions and
answers: https://developers.llamaindex.ai/python/framework/getting_started/faq.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

from eval.peers.protocol import Asked, Clock, Evidence, serve

TOP_K = 5
CONTEXT_WINDOW = 8000


class LlamaIndex:
    """A vector store index with the default splitter, prompt and response mode."""

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        from llama_index.core import Settings  # type: ignore[import-not-found]
        from llama_index.embeddings.huggingface import (  # type: ignore[import-not-found]
            HuggingFaceEmbedding,
        )
        from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-not-found]

        Settings.embed_model = HuggingFaceEmbedding(model_name=request["embedder"])
        Settings.llm = OpenAILike(
            model="local",
            api_base=f"{request['address']}/v1",
            api_key=request["key"],
            is_chat_model=True,
            context_window=CONTEXT_WINDOW,
            timeout=3600,
        )
        splitter = Settings.node_parser
        return {
            "version": f"llama-index-core {version('llama-index-core')}",
            "engine": "llama.cpp over HTTP",
            "source": "developers.llamaindex.ai, starter example (local) and FAQ",
            "settings": {
                "chunks": f"{splitter.chunk_size} tokens, {splitter.chunk_overlap} of overlap",
                "retrieval": f"vector store index, top {TOP_K}",
                "embedder": "MiniLM",
                "sampling": f"temperature {Settings.llm.temperature}",
                "prompt": f"default, context window {CONTEXT_WINDOW}",
            },
        }

    def build(self, request: dict[str, Any]) -> dict[str, Any]:
        from llama_index.core import Document, VectorStoreIndex

        # The id is for scoring: neither the embedder nor the model is to read it.
        documents = [
            Document(
                text=article["text"],
                metadata={"article_id": article["id"]},
                excluded_embed_metadata_keys=["article_id"],
                excluded_llm_metadata_keys=["article_id"],
            )
            for article in request["articles"]
        ]
        start = time.perf_counter()
        index = VectorStoreIndex.from_documents(documents)
        seconds = time.perf_counter() - start
        self._engine = index.as_query_engine(similarity_top_k=TOP_K, streaming=True)
        return {"passages": len(index.docstore.docs), "seconds": seconds}

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        clock = Clock()
        response = self._engine.query(request["question"])
        for piece in response.response_gen:
            clock.say(piece)
        clock.stop()
        return Asked(
            answer=clock.text,
            evidence=[
                Evidence(hit.node.metadata["article_id"], hit.node.get_content())
                for hit in response.source_nodes
            ],
            first_word_s=clock.first_word_s,
            whole_s=clock.whole_s,
        ).reply()


if __name__ == "__main__":
    system = LlamaIndex()
    serve({"load": system.load, "build": system.build, "ask": system.ask})
