"""What the app remembers from one time to the next."""
