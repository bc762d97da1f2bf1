"""The customs pages of the console: the operators' work place. Views only; what they show is read elsewhere."""
