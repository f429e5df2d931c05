"""The networks of the check, as PyNN scripts that are given the module to run on.

Each function takes ``sim`` and further keywords of its ``setup()``, builds and runs a network, and
returns what it recorded and learned (``recorded.py``). They end without ``sim.end()``, so that the
machine can be asked for its counters.
"""
