"""Settlement: whose the buyers' money is, in double entry, from the wallet to the merchant."""
