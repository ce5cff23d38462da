"""What reaches out of the house: mail and webhooks."""
