"""How the app becomes an Android package."""
