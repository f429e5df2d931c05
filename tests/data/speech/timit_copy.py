"""Folders shaped like TIMIT, with sounds of our own."""

import os
import string

import numpy as np

from pynn_eprop.data.speech.timit import TEST_SPEAKERS, VALIDATION_SPEAKERS

LENGTH = 1600       # samples of each sound
PHN = "0 500 h#\n500 900 sh\n900 1500 iy\n"
UTTERANCES = ["SA1", "SA2", "SI1001", "SI1002", "SI1003", "SX1", "SX2", "SX3", "SX4", "SX5"]
TRAINING_SPEAKERS = [f"{'mf'[i % 2]}{a}{b}q0" for i, (a, b) in enumerate(
    (a, b) for a in string.ascii_lowercase[:22] for b in string.ascii_lowercase[:21])]
OTHER_SPEAKERS = ["mzzz0", "fzzz1"]     # of TEST, in neither set


def sphere(samples, rate=16000, channels=1, count=None, coding=None):
    """A NIST SPHERE file as its manual describes it: 1024 bytes of header, then the samples."""
    fields = {"database_id": "TIMIT", "database_version": "1.0", "utterance_id": "cjf0_sa1",
              "sample_count": len(samples) if count is None else count, "sample_rate": rate,
              "channel_count": channels, "sample_n_bytes": 2, "sample_byte_format": "01",
              "sample_sig_bits": 16}
    if coding:
        fields["sample_coding"] = coding
    lines = ["NIST_1A", "   1024", *(
        f"{name} -i {value}" if isinstance(value, int) else f"{name} -s{len(value)} {value}"
        for name, value in fields.items()), "end_head"]
    return "\n".join(lines).encode().ljust(1024, b" ") + samples.astype("<i2").tobytes()


def noise(seed=1, length=LENGTH):
    return np.random.default_rng(seed).integers(-3000, 3000, length).astype(np.int16)


def make_copy(folder, capitals=True):
    """A whole copy, 630 speakers less 94; all its files are links to one sound and one PHN."""
    def case(name):
        return name.upper() if capitals else name.lower()

    folder.mkdir(parents=True)
    sound, labels = folder / "sound.bin", folder / "labels.bin"
    sound.write_bytes(sphere(noise()))
    labels.write_text(PHN)
    for part, speakers in (("train", TRAINING_SPEAKERS),
                           ("test", [*VALIDATION_SPEAKERS, *TEST_SPEAKERS, *OTHER_SPEAKERS])):
        for number, speaker in enumerate(speakers):
            place = folder / case(part) / case(f"dr{number % 8 + 1}") / case(speaker)
            place.mkdir(parents=True)
            for name in UTTERANCES:
                for ending, source in (("wav", sound), ("phn", labels)):
                    os.link(source, place / case(f"{name}.{ending}"))
                (place / case(f"{name}.txt")).touch()
    return folder


class Damage:
    """Changes to a copy that are taken back at the end."""

    def __init__(self, folder):
        self.folder = folder
        self._kept = []

    def remove(self, name):
        """Take away the file or folder of this name."""
        path = self.folder / name
        kept = self.folder / f"kept{len(self._kept)}"
        path.rename(kept)
        self._kept.append((kept, path))
        return path

    def replace(self, name, content):
        """Write another file of this name, as the files of a copy are linked with each other."""
        path = self.remove(name)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def add(self, name):
        """Make a folder."""
        (self.folder / name).mkdir()
        self._kept.append((None, self.folder / name))

    def undo(self):
        for kept, path in reversed(self._kept):
            if kept is None:
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
                kept.rename(path)
