"""What the forms hold, apart from widgets: values, checks, completions, and what the disk says of them."""
