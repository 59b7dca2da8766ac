"""The panes and lists that screens are made of."""
