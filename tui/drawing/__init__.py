"""Text as it is laid out in a terminal: lines, charts, rasters."""
