"""What people look at: lists, one subject whole, the day board. Reads only."""
