"""A network since ``setup()``: its time, its state, interruptions, and warnings of how it does."""
