"""Folders: the runs directory, what a run says of itself, its job, and its variants."""
