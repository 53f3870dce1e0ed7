"""Byline beside what a user would pick instead: the same questions, articles and weights."""
