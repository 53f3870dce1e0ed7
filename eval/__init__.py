"""How well do we do? Question sets, metrics and the runner that scores a pipeline."""
