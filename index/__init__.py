"""How do we find? Chunking, embedding, vectors, lexical search, fusion, and the index on disk."""
