"""What is owed for released lists: own figures, customs' tax bills, the guarantee, the day of payment."""
