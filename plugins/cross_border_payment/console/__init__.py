"""The plugin's pages of the console: payments with their story, and what is said differently of them."""
