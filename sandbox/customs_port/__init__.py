"""Stand-in for the customs port: takes CEB messages, checks them by its own rules, answers with receipts."""
