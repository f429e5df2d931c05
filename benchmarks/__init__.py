"""Timings of the host engine beside its peers; never part of the tests. See README.md here."""
