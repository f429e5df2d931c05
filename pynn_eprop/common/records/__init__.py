"""Recorded data: logs that a run appends to, and Neo blocks for scripts."""
