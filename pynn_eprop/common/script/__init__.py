"""PyNN's functions and classes for scripts, and checks that the parts of a network fit together."""
