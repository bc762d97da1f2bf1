"""Who buys: real names and resident ID numbers, sealed, looked up by blind index only."""
