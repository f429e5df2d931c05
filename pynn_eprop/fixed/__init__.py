"""Numbers in fixed point, without C: formats for a network, and the effects of rounding."""
