"""A scripted driver: the same actions, store and sync as the screens use, without any screen."""
