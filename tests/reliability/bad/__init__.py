"""Bad inputs by what they are of, each with the exit code and a piece of the message that it has to end with."""
