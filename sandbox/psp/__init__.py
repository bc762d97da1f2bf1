"""Stand-ins for the payment companies: WeChat Pay Global v3, and Stripe in a package of its own."""
