"""What people write on the neurons of a run: labels and notes, kept in a file beside it, merged between people."""
