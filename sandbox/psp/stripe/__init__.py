"""Stand-in for the part of Stripe's API that a hosted checkout needs."""
