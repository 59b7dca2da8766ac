"""A text as a model reads it: tokens across, layers down; what fires at one of them, and what may come."""
