"""The language models: transformers and llama.cpp, their speed, and the taught judge."""
