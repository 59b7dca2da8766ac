"""The model of a run reads a text."""
