"""The link to Saleor: typed client, apps and their manifests, installation, webhooks, set-up and publishing."""
