"""``pynn-eprop data novels``: the text of six novels, downloaded if it is not there."""

import argparse

from pynn_eprop.data.novels import NOVELS, download_novels, novels_place, read_novels
from pynn_eprop.data.registry import DataSet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(options: argparse.Namespace) -> int:
    """Download what is missing, and print what is there; returns the exit status 0."""
    del options
    place = novels_place() or download_novels()
    words = len(read_novels().split())
    print(f"{len(NOVELS)} novels by Jane Austen, {words:,} words, from {place}")
    return 0


NOVELS_DATA = DataSet("novels", "the text of six novels, of word-prediction and made speech",
                      add_arguments, run)
