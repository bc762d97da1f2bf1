"""Three people go through the pages in a real browser, against the whole demonstration."""
