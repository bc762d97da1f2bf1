"""The consumer catalogue: a projection of what Saleor publishes, for pages and search."""
