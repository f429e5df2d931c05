"""Checks of what a script gives, one by one: kinds, times on the grid, keywords of setup()."""
