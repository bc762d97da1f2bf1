"""Wallet payments for Mainland buyers, and their declaration to China Customs."""
