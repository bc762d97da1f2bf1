"""Design tokens, components, icons and page shells shared by shop, portal and console."""
