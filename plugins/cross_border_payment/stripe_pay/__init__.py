"""Stripe, by Checkout's hosted page: mapping and signature checks are pure, ``client`` does the only I/O."""
