"""Networks as scripts, and ways to run and measure them, that evidence and tests have in common.

Tests import from here, and nothing here imports from tests.
"""
