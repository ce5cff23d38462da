"""What a driver does, one function each: one store transaction, the moment handed in, no screen and no network."""
