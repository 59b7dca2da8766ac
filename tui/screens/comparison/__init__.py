"""Runs beside each other: totals, shared tokens, layers over relative depth, what became of neurons."""
