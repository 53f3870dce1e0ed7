"""Teaching a language model to judge whether a passage states the answer (rag/adapter.py)."""
