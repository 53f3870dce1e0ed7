"""Where articles differ: found by rules and by reading, and told in words."""
