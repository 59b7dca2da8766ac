"""The paper's figures, and the position team of a layer."""
