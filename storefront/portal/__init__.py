"""The portal: where merchants list their goods and follow their orders."""
