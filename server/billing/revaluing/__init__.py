"""Deposits that an issuer owes on containers, brought to the price of the day when that price changes."""
