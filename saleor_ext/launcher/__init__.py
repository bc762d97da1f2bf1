"""Starts the whole of Ponte on one machine, with databases from wheels and the sandbox beside it."""
