"""The customs pages of the console."""
