"""Files that the parties of an order bring themselves (R056)."""
