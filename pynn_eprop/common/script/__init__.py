"""Objects and functions of PyNN that a script uses, and the checks of what it gives."""
