"""A run as people walk it, apart from widgets: orders, places, history, what is read."""
