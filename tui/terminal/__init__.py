"""What a terminal needs beyond Textual: fewer bytes, keys typed ahead, the clipboard."""
