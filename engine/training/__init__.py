"""Training small OPT-architecture models."""
