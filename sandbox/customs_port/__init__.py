"""Stand-in for the customs port: takes CEB messages, checks them by rules of its own, answers with receipts."""
