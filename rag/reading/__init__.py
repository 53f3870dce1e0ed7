"""What a text's words mean: its numbers, times, measures, verbs and orders, made comparable."""
