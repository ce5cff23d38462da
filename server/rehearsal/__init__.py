"""The rehearsal: whole days of drivers and office under faults, told apart from a model that knows what must follow.

The only place that sees both sides: it runs the tablet's code and the office's in one process, under one clock.
"""
