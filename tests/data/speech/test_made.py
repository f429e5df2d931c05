"""Speech that flite makes: sets, seeds, the cache, interruptions."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pynn_eprop.data.speech import load_corpus, made, save_corpus
from pynn_eprop.data.speech.made import Recipe, make_corpus, set_sizes
from pynn_eprop.errors import DataError, DataWarning, MissingDependencyError
from tests.data.speech.corpora import small_corpus
from tests.data.speech.tools import TEXT, needs_flite

N = 12


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pynn-eprop" / "speech"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Made once, in a cache of its own."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    try:
        return make_corpus(TEXT, N, seed=1, processes=1)
    finally:
        os.environ.pop("XDG_CACHE_HOME")
        if before is not None:
            os.environ["XDG_CACHE_HOME"] = before


def test_sizes_of_sets():
    """The default is as large as TIMIT's usual sets."""
    assert set_sizes(4480) == {"train": 3696, "validation": 400, "test": 192,
                               "held-out voice": 192}
    for number in range(12, 400):
        sizes = set_sizes(number)
        assert sum(sizes.values()) == number and min(sizes.values()) >= 1
        assert sizes["train"] >= 0.7 * number


@needs_flite
def test_sets_and_voices(corpus):
    assert {name: len(each) for name, each in corpus.sets.items()} == set_sizes(N)
    assert corpus.source.startswith("speech made with flite 2.")
    assert {each.speaker for each in corpus["train"]} == {"kal16", "awb", "slt"}
    assert {each.speaker for each in corpus["held-out voice"]} == {"rms"}
    assert len(corpus.phones) == 41 and corpus.n_channels == 39
    names = [each.name for each in corpus]
    assert len(set(names)) == N


@needs_flite
def test_utterances_begin_and_end_with_a_short_pause(corpus):
    """50 to 120 ms, times at most 1.15: 3 to 14 frames whose centres lie in it."""
    pause = corpus.phones.index("pau")
    for utterance in corpus:
        inner = np.flatnonzero(utterance.labels != pause)
        for length in (inner[0], utterance.n_frames - 1 - inner[-1]):
            assert 2 <= length <= 14
        assert np.all(np.isfinite(utterance.features))


@needs_flite
def test_it_does_not_depend_on_the_number_of_processes(corpus):
    seen = []
    again = make_corpus(TEXT, N, seed=1, processes=3,
                        progress=lambda done, total: seen.append((done, total)))
    assert again.checksum == corpus.checksum
    assert dict(again.origin) == dict(corpus.origin)
    assert seen[0] == (0, N) and seen[-1] == (N, N)


@needs_flite
def test_the_seed_decides(corpus):
    assert make_corpus(TEXT, N, seed=2).checksum != corpus.checksum


@needs_flite
def test_the_second_time_it_comes_from_the_cache(corpus, cache, monkeypatch):
    make_corpus(TEXT, N)
    (folder,) = cache.iterdir()
    assert [path.name for path in folder.iterdir()] == ["corpus.npz"]
    monkeypatch.setattr(made, "say", None)      # nothing is spoken
    assert make_corpus(TEXT, N).checksum == corpus.checksum


@needs_flite
@pytest.mark.parametrize("damage", ["cut off", "changed", "of another recipe", "something else"])
def test_a_cache_that_cannot_be_used_is_made_again(corpus, cache, damage):
    make_corpus(TEXT, N)
    (path,) = cache.glob("*/corpus.npz")
    data = path.read_bytes()
    if damage == "cut off":
        path.write_bytes(data[:len(data) // 2])
    elif damage == "changed":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:])
    elif damage == "of another recipe":
        save_corpus(path, small_corpus())
    else:
        path.write_text("nothing")
    with pytest.warns(DataWarning, match=r"corpus.npz .*; the corpus is made again"):
        assert make_corpus(TEXT, N).checksum == corpus.checksum
    assert load_corpus(path).checksum == corpus.checksum


@needs_flite
def test_what_was_spoken_before_an_interruption_is_kept(corpus, cache, monkeypatch):
    """The second part is interrupted; afterwards the first one is not spoken again."""
    monkeypatch.setattr(made, "_PART", 5)
    say, spoken = made.say, []

    def interrupted(text, voice, seed, index, scratch):
        if index == 7:
            raise KeyboardInterrupt
        return say(text, voice, seed, index, scratch)

    def counted(text, voice, seed, index, scratch):
        spoken.append(index)
        return say(text, voice, seed, index, scratch)

    monkeypatch.setattr(made, "say", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_corpus(TEXT, N, processes=1)
    assert [path.name for path in sorted(cache.glob("*/*"))] == ["part-0000.npz"]
    monkeypatch.setattr(made, "say", counted)
    assert make_corpus(TEXT, N, processes=1).checksum == corpus.checksum
    assert sorted(spoken) == list(range(5, 12))
    assert [path.name for path in cache.glob("*/*")] == ["corpus.npz"]


@needs_flite
@pytest.mark.parametrize("damage", ["cut off", "foreign"])
def test_a_part_that_cannot_be_used_is_spoken_again(corpus, cache, monkeypatch, damage):
    monkeypatch.setattr(made, "_PART", 5)
    monkeypatch.setattr(made, "save_corpus", lambda path, corpus: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_corpus(TEXT, N)
    first, second, _ = sorted(cache.glob("*/part-*.npz"))
    if damage == "cut off":
        first.write_bytes(first.read_bytes()[:1000])
    else:
        save_corpus(second, small_corpus())
    monkeypatch.setattr(made, "save_corpus", save_corpus)
    assert make_corpus(TEXT, N).checksum == corpus.checksum


@needs_flite
def test_an_interrupt_ends_it_at_once_with_parts_kept(tmp_path, cache):
    """Ctrl-C reaches the whole group of processes; the command says so and exits with 130."""
    text = tmp_path / "text.txt"
    words = "one two three four five six seven eight nine ten old men came home late".split()
    rng = np.random.default_rng(1)
    text.write_text(" ".join(rng.choice(words, 6000)))
    command = [sys.executable, "-m", "pynn_eprop.cli", "data", "speech", "--text", str(text),
               "--utterances", "600", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    deadline = time.monotonic() + 60.0
    while not list(cache.glob("*/part-*.npz")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "")
    assert "interrupted" in errors and "Traceback" not in errors
    parts = list(cache.glob("*/part-*.npz"))
    assert parts and not list(cache.glob("*/corpus.npz"))
    assert not list(cache.glob("*/.*"))


@needs_flite
@pytest.mark.parametrize(("keywords", "message"), [
    ({"utterances": 11}, "utterances=11 must be a whole number >= 12"),
    ({"utterances": 12.0}, "utterances=12.0 must be a whole number >= 12"),
    ({"seed": -1}, "seed=-1 must be a whole number >= 0"),
    ({"seed": True}, "seed=True must be a whole number >= 0"),
    ({"processes": 0}, "processes=0 must be a whole number >= 1"),
    ({"utterances": 100}, "the text has 18 different stretches"),
])
def test_what_is_refused(keywords, message, cache):
    with pytest.raises(DataError) as caught:
        make_corpus(TEXT, **{"utterances": N, **keywords})
    assert message in str(caught.value)
    assert not list(cache.glob("*/*"))


def test_a_cache_that_cannot_be_made(tmp_path, monkeypatch):
    if os.geteuid() == 0:
        (tmp_path / "cache").write_text("a file")
    else:
        tmp_path.chmod(0o500)
    monkeypatch.setattr(made, "flite_version", lambda: "2.2")
    with pytest.raises(DataError, match=r"cannot be made .*; set XDG_CACHE_HOME"):
        make_corpus(TEXT, N)


def test_without_flite(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="apt-get install flite"):
        make_corpus(TEXT, N)


def test_every_part_of_a_recipe_makes_another_key():
    recipe = {"utterances": 12, "seed": 1, "text": "a", "flite": "2.2", "features": {"x": "1"},
              "version": 1}
    others = [{**recipe, name: value} for name, value in (
        ("utterances", 13), ("seed", 2), ("text", "b"), ("flite", "2.3"), ("features", {"x": "2"}),
        ("version", 2))]
    assert len({Recipe(**each).key for each in (recipe, *others)}) == 7
