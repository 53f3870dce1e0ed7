"""How do we answer? The pipeline from a question to checked, cited sentences."""
