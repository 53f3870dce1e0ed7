"""The HTTP API: the same answers, searches and changes as the page and the command line give.

It stands beside the page in one process and shares the line for the language model with it.
"""
