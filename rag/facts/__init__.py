"""What the sentences of articles state: amounts, shares, dates, people, and how they changed."""
