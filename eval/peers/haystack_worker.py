"""Haystack's first RAG pipeline, in its own process.

Indexing as in https://haystack.deepset.ai/tutorials/30_file_type_preprocessing_index_pipeline,
answering as in https://haystack.deepset.ai/tutorials/27_first_rag_pipeline. The embedders are
imported from where Haystack 3 keeps them: https://docs.haystack.deepset.ai/docs/migration.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

from eval.peers.protocol import Asked, Clock, Evidence, serve

SPLIT_WORDS, OVERLAP_WORDS = 150, 50  # tutorial 30
TOP_K = 5

# Tutorial 27, word for word.
TEMPLATE = """
Given the following information, answer the question.

Context:
{% for document in documents %}
    {{ document.content }}
{% endfor %}

Question: {{question}}
Answer:
"""


class Haystack:
    """An in-memory document store with an indexing pipeline and a question pipeline."""

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        from haystack.document_stores.in_memory import (  # type: ignore[import-not-found]
            InMemoryDocumentStore,
        )

        self._store = InMemoryDocumentStore()
        self._indexing = self._indexing_pipeline(request["embedder"])
        self._asking = self._asking_pipeline(request)
        return {
            "version": f"haystack-ai {version('haystack-ai')}",
            "engine": "llama.cpp over HTTP",
            "source": "haystack.deepset.ai/tutorials 27 and 30",
            "settings": {
                "chunks": f"{SPLIT_WORDS} words, {OVERLAP_WORDS} of overlap",
                "retrieval": f"in-memory embedding retriever, top {TOP_K}",
                "embedder": "MiniLM",
                "sampling": "the server's",
                "prompt": "tutorial 27",
            },
        }

    def build(self, request: dict[str, Any]) -> dict[str, Any]:
        from haystack import Document  # type: ignore[import-not-found]

        documents = [
            Document(content=article["text"], meta={"article_id": article["id"]})
            for article in request["articles"]
        ]
        start = time.perf_counter()
        self._indexing.run({"cleaner": {"documents": documents}})
        return {"passages": self._store.count_documents(), "seconds": time.perf_counter() - start}

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        question, clock = request["question"], Clock()
        self._asking.get_component("llm").streaming_callback = lambda chunk: clock.say(
            chunk.content or ""
        )
        result = self._asking.run(
            {"text_embedder": {"text": question}, "prompt_builder": {"question": question}},
            include_outputs_from={"retriever"},
        )
        clock.stop()
        return Asked(
            answer=result["llm"]["replies"][0].text or "",
            evidence=[
                Evidence(document.meta["article_id"], document.content)
                for document in result["retriever"]["documents"]
            ],
            first_word_s=clock.first_word_s,
            whole_s=clock.whole_s,
        ).reply()

    def _indexing_pipeline(self, embedder: str) -> Any:
        from haystack import Pipeline
        from haystack.components.preprocessors import (  # type: ignore[import-not-found]
            DocumentCleaner,
            DocumentSplitter,
        )
        from haystack.components.writers import DocumentWriter  # type: ignore[import-not-found]
        from haystack_integrations.components.embedders.sentence_transformers import (  # type: ignore[import-not-found]
            SentenceTransformersDocumentEmbedder,
        )

        document_embedder = SentenceTransformersDocumentEmbedder(model=embedder, progress_bar=False)
        document_embedder.warm_up()
        pipeline = Pipeline()
        pipeline.add_component("cleaner", DocumentCleaner())
        splitter = DocumentSplitter(
            split_by="word", split_length=SPLIT_WORDS, split_overlap=OVERLAP_WORDS
        )
        pipeline.add_component("splitter", splitter)
        pipeline.add_component("embedder", document_embedder)
        pipeline.add_component("writer", DocumentWriter(self._store))
        pipeline.connect("cleaner", "splitter")
        pipeline.connect("splitter", "embedder")
        pipeline.connect("embedder", "writer")
        return pipeline

    def _asking_pipeline(self, request: dict[str, Any]) -> Any:
        from haystack import Pipeline
        from haystack.components.builders import (  # type: ignore[import-not-found]
            ChatPromptBuilder,
        )
        from haystack.components.generators.chat import (  # type: ignore[import-not-found]
            OpenAIChatGenerator,
        )
        from haystack.components.retrievers.in_memory import (  # type: ignore[import-not-found]
            InMemoryEmbeddingRetriever,
        )
        from haystack.dataclasses import ChatMessage  # type: ignore[import-not-found]
        from haystack.utils import Secret  # type: ignore[import-not-found]
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersTextEmbedder,
        )

        text_embedder = SentenceTransformersTextEmbedder(
            model=request["embedder"], progress_bar=False
        )
        generator = OpenAIChatGenerator(
            model="local",
            api_base_url=f"{request['address']}/v1",
            api_key=Secret.from_token(request["key"]),
            timeout=3600,
        )
        builder = ChatPromptBuilder(
            template=[ChatMessage.from_user(TEMPLATE)], required_variables="*"
        )
        pipeline = Pipeline()
        pipeline.add_component("text_embedder", text_embedder)
        pipeline.add_component("retriever", InMemoryEmbeddingRetriever(self._store, top_k=TOP_K))
        pipeline.add_component("prompt_builder", builder)
        pipeline.add_component("llm", generator)
        pipeline.connect("text_embedder.embedding", "retriever.query_embedding")
        pipeline.connect("retriever", "prompt_builder.documents")
        pipeline.connect("prompt_builder.prompt", "llm.messages")
        return pipeline


if __name__ == "__main__":
    system = Haystack()
    serve({"load": system.load, "build": system.build, "ask": system.ask})
