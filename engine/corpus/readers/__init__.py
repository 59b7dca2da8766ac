"""What reads each kind of text, a bounded piece at a time."""
