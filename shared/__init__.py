"""What the server and the tablet must decide alike: money, delivery rules, sealing and wire messages."""
