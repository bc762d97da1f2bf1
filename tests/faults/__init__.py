"""The whole demonstration under faults: processes killed, messages doubled, out of order or lost."""
