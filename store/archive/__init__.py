"""A run as one file: packed, and unpacked without trust in what the file says."""
