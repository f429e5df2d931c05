"""Numbers in fixed point: formats for a network, and what they do to its values. No C."""
