"""Many places of the machine's memory read or written at once, not one after the other."""
