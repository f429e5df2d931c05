"""``pynn-eprop data speech``: make, read or check a corpus of speech, and say what is in it."""

import argparse
import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from pynn_eprop.data.cache import check_writable
from pynn_eprop.data.registry import DataSet
from pynn_eprop.data.speech.corpus_file import save_corpus
from pynn_eprop.data.speech.linear_classifier import CONTEXT, classifier_class, linear_floor
from pynn_eprop.data.speech.made import N_UTTERANCES
from pynn_eprop.data.speech.source import read_speech
from pynn_eprop.data.speech.statistics import describe, lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--data", type=Path, metavar="PATH",
                        help="folder of a copy of TIMIT, or a file made with --out (default: "
                             "speech that flite makes, kept in the user's cache)")
    parser.add_argument("--text", type=Path, metavar="FILE",
                        help="English text to be spoken (default: Jane Austen's novels)")
    parser.add_argument("--utterances", type=int, metavar="N",
                        help=f"utterances to be spoken (default: {N_UTTERANCES})")
    parser.add_argument("--seed", type=int, help="of the speech that is made (default: 1)")
    parser.add_argument("--processes", type=int, metavar="N",
                        help="how many flite run side by side (default: one a processor)")
    parser.add_argument("--recorded", action="store_true",
                        help="add a set of recorded speech, aligned to phones")
    parser.add_argument("--floor", action="store_true",
                        help=f"fit a linear classifier on {CONTEXT} frames to each side")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the corpus to FILE (.npz)")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(options: argparse.Namespace) -> int:
    """Make or read the corpus and print what is in it; returns the exit status 0."""
    if options.out is not None:
        check_writable(options.out)
    if options.floor:
        classifier_class()
    with tqdm(desc="speech", unit="utterance", dynamic_ncols=True, file=sys.stderr,
              disable=options.quiet, delay=0.5) as bar:
        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            corpus = read_speech(options.data, text=options.text, utterances=options.utterances,
                                 seed=options.seed, processes=options.processes,
                                 recorded=options.recorded, progress=show)
    for warning in caught:
        print(f"pynn-eprop: warning: {warning.message}", file=sys.stderr)
    floor = linear_floor(corpus) if options.floor else None
    if options.out is not None:
        save_corpus(options.out, corpus)
    if options.json:
        print(json.dumps({"source": corpus.source, "checksum": corpus.checksum,
                          "origin": dict(corpus.origin), **asdict(describe(corpus)),
                          "linear_accuracy": floor}))
    else:
        print("\n".join(lines(corpus)))
        if floor is not None:
            print(f"  accuracy of a linear classifier on {CONTEXT} frames to each side: "
                  + ", ".join(f"{name} {accuracy:.3f}" for name, accuracy in floor.items()))
    return 0


SPEECH = DataSet("speech", "phone-labelled speech: a copy of TIMIT, or made with flite",
                 add_arguments, run)
