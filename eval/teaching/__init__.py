"""Teaching models to judge: whether a passage states the answer (rag/adapter.py), and whether a text
supports a claim (rag/trained_support.py)."""
