"""Text to token sequences."""
