"""The commands of `byline`, group by group. No logic of their own."""
