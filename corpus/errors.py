"""The one base error whose text a user reads as it stands."""


class BylineError(Exception):
    """What happened, to which file or article, and what to do next: one sentence, shown as is."""
