"""Our bank's side of the match: its statements, and what they have to say of payment companies and payouts."""
