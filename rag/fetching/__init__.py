"""Weights of open models: named, fetched once, checked by SHA-256."""
