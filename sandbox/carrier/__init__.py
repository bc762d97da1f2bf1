"""Stand-in for an SF-like carrier: waybills and signed route pushes."""
