"""Customs declaration of retail imports: tax, limits, CEB messages, receipts."""
