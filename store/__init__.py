"""Files of a run: their schema, writing them safely, reading and querying them."""
