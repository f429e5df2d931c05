"""Functions and classes of PyNN that a script uses, and whether what it builds fits together."""
