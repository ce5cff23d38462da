"""What lies where: goods and containers as double entry."""
