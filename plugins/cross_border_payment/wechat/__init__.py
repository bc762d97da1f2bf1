"""WeChat Pay Global, API v3: signing and mapping are pure, ``client`` does the only I/O."""
