"""Teaching models to judge whether a passage states the answer, or a text supports a claim."""
