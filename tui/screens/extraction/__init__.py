"""The form of a new extraction."""
