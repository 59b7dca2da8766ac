"""What a model makes of a text that somebody types: which neurons fire, what they write, what goes without them."""
