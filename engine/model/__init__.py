"""Checkpoints and the forward pass, one layer at a time."""
