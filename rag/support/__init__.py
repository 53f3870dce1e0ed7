"""Models that say how far a text supports a claim: the project's own, and others."""
