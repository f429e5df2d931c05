"""A network since ``setup()``: its time, its state, interruptions and warnings."""
