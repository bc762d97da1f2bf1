"""The plugins that come with the platform; each folder is one Django app and one Saleor App."""
