"""Neurons of a run: opening it, reading records, all neurons as a table, and finding and ordering them."""
