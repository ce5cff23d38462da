"""Backups that were proven by restoring them, and the way back."""
