"""The consumer shop: thin views over services, view models, templates."""
