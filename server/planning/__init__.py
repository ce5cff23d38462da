"""Cycles, vehicles, the road network, the solver, plans, runs and their stops."""
