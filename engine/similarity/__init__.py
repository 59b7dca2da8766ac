"""Neurons that write alike, which takes the model's weights."""
