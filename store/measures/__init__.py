"""The definitions as numpy: thresholds, positional types, intervals, and what depends on the amount of text."""
