"""Everything people see: the shop, the portal, the console, and the components they share."""
