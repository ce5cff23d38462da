"""Published amounts, recomputed by the code that prices orders: ``tournee facts FILE``."""
