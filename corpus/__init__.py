"""What do we know? Reading articles from files and folders."""

from corpus.article import Article
from corpus.errors import BylineError

__all__ = ["Article", "BylineError"]
