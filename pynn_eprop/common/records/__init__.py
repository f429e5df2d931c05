"""Recorded data: logs that a run appends to, and the Neo blocks that a script gets."""
