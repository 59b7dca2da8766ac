"""Bytes: files written whole or not at all, locks, HDF5 read with suspicion, and the schema of every dataset."""
