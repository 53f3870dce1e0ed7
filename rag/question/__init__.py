"""What a question asks: made to stand alone, taken apart, and what it takes for granted."""
