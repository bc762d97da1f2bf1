"""The platform: everything of Ponte that is neither a plugin nor a page."""
