"""The rows of the table of news, by what they are about."""
