"""Shared by the backends: set-up, expansion of networks, time, checks, recorded data, files."""
