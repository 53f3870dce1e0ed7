"""txtai's RAG pipeline as its guide builds it, in its own process.

https://github.com/neuml/txtai/blob/master/examples/52_Build_RAG_pipelines_with_txtai.ipynb, which
https://neuml.github.io/txtai/pipeline/llm/rag names as its guide: paragraphs, the three best, and a
citation found after the answer. The server is named as in https://github.com/neuml/txtai/issues/759.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

from eval.peers.protocol import Asked, Clock, Evidence, serve

# The guide, word for word.
SYSTEM = "You are a friendly assistant. You answer questions from users."
TEMPLATE = """
Answer the following question using only the context below. Only include information specifically \
discussed.

question: {question}
context: {context}
"""


class Txtai:
    """An embeddings database of paragraphs with a RAG pipeline on it."""

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        from txtai import LLM, RAG, Embeddings  # type: ignore[import-not-found]

        self._embeddings = Embeddings(path=request["embedder"], content=True)
        self._embeddings.transform("Loads the weights.")
        llm = LLM("openai/local", api_base=f"{request['address']}/v1", api_key=request["key"])
        self._rag = RAG(
            self._embeddings,
            llm,
            system=SYSTEM,
            template=TEMPLATE,
            separator="\n",
            output="reference",
        )
        return {
            "version": f"txtai {version('txtai')}",
            "engine": "llama.cpp over HTTP",
            "source": "github.com/neuml/txtai, examples/52",
            "settings": {
                "chunks": "paragraphs",
                "retrieval": f"embeddings search, top {self._rag.context}",
                "embedder": "MiniLM",
                "sampling": "the server's, at most 512 tokens",
                "prompt": "examples/52",
            },
        }

    def build(self, request: dict[str, Any]) -> dict[str, Any]:
        from txtai.pipeline import Segmentation  # type: ignore[import-not-found]

        articles = request["articles"]
        start = time.perf_counter()
        segmentation = Segmentation(paragraphs=True)
        paragraphs = [
            (article["id"], paragraph)
            for article in articles
            for paragraph in segmentation(article["text"])
        ]
        self._embeddings.index((number, text, None) for number, (_, text) in enumerate(paragraphs))
        self._article_of = {str(n): article for n, (article, _) in enumerate(paragraphs)}
        return {"passages": len(paragraphs), "seconds": time.perf_counter() - start}

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        question, clock = request["question"], Clock()
        for piece in self._rag(question, stream=True):
            clock.say(piece)
        clock.stop()
        # A stream brings neither its context nor its reference: both are asked for after the clock.
        found = self._rag.query([question], None)[0]
        context = sorted(found, key=lambda match: match[2], reverse=True)[: self._rag.context]
        answer = clock.text.strip()
        [(_, _, reference)] = self._rag.reference([question], [(None, answer)], [context])
        return Asked(
            answer=answer,
            evidence=[Evidence(self._article_of[str(place)], text) for place, text, _ in context],
            first_word_s=clock.first_word_s,
            whole_s=clock.whole_s,
            cited=[] if reference is None else [self._article_of[str(reference)]],
        ).reply()


if __name__ == "__main__":
    system = Txtai()
    serve({"load": system.load, "build": system.build, "ask": system.ask})
