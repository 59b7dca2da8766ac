"""Verifying a run: every file against the manifest, and the numbers against each other."""
