"""Campaigns of many trials, run by hand at full size and with a few trials by pytest."""
