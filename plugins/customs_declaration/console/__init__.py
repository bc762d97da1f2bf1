"""Pages of the console that are this plugin's own."""
