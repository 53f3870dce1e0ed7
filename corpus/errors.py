"""The one base error whose text a user reads as it stands."""


class BylineError(Exception):
    """What happened, to which file or article, and what to do next: one sentence, shown as is."""


class Away(BylineError):
    """A part that runs elsewhere, such as a database or a model's server, gives no answer now; it
    may later."""

    def __init__(self, part: str, told: str) -> None:
        super().__init__(told)
        self.part = part
