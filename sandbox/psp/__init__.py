"""Stand-in for WeChat Pay Global v3."""
