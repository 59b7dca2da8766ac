"""Campaigns of many trials: each module is a program, and a short test runs a few of its trials."""
