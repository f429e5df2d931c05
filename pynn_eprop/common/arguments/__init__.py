"""Checks of a script's arguments, one by one: kinds, times on the grid, keywords of setup()."""
