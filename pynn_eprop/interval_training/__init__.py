"""Runs the training of a sequence task, from a plan to a results folder."""
