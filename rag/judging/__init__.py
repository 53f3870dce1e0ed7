"""Whether a passage answers, a draft is to be believed, and how sure an answer is."""
