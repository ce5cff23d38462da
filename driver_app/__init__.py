"""The tablet of Tournée: a day of deliveries with no network."""
