"""``pynn-eprop data speech``, and the corpus that a user means."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pynn_eprop.cli import main
from pynn_eprop.data.speech import load_corpus, read_speech, save_corpus, source
from pynn_eprop.errors import DataError
from tests.data.speech.corpora import small_corpus
from tests.data.speech.timit_copy import make_copy
from tests.data.speech.tools import TEXT, needs_flite


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "text.txt").write_text(TEXT)
    return tmp_path / "text.txt"


@needs_flite
def test_it_makes_a_corpus_and_says_what_is_in_it(text, tmp_path, capsys):
    out = tmp_path / "speech.npz"
    arguments = ["data", "speech", "--text", str(text), "--utterances", "12", "--seed", "3",
                 "--out", str(out)]
    assert main(arguments) == 0
    output = capsys.readouterr().out
    corpus = load_corpus(out)
    assert output.startswith("speech made with flite 2.")
    assert corpus.checksum[:16] in output
    assert main(["data", "speech", "--data", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["checksum"] == corpus.checksum and found["source"] == corpus.source
    assert found["sets"]["train"]["utterances"] == len(corpus["train"])
    assert sum(found["phones"].values()) == pytest.approx(1.0)
    assert found["origin"]["recipe"]["seed"] == 3
    assert read_speech(text=text, utterances=12, seed=3).checksum == corpus.checksum


@needs_flite
def test_a_damaged_cache_is_a_warning(text, tmp_path, capsys):
    arguments = ["data", "speech", "--text", str(text), "--utterances", "12", "--quiet"]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    (path,) = (tmp_path / "cache").glob("pynn-eprop/speech/*/corpus.npz")
    path.write_bytes(b"damaged")
    assert main(arguments) == 0
    found = capsys.readouterr()
    assert found.out == first
    assert found.err.startswith("pynn-eprop: warning: ") and "is made again" in found.err


@needs_flite
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_temporary_files(text, tmp_path, sent):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = subprocess.Popen(
        [sys.executable, "-m", "pynn_eprop.cli", "data", "speech", "--text", str(text),
         "--utterances", "12", "--quiet"],
        env=os.environ | {"TMPDIR": str(scratch)}, stderr=subprocess.PIPE, text=True)
    while not list(scratch.iterdir()) and command.poll() is None:
        time.sleep(0.005)
    command.send_signal(sent)
    assert "what was saved before is still there" in command.communicate(timeout=60)[1]
    assert command.returncode == 128 + sent
    assert list(scratch.iterdir()) == []


def test_a_linear_floor(tmp_path, capsys):
    pytest.importorskip("sklearn")
    save_corpus(tmp_path / "a.npz", small_corpus(training=40, noise=0.3))
    assert main(["data", "speech", "--data", str(tmp_path / "a.npz"), "--floor", "--quiet"]) == 0
    assert "linear classifier on 5 frames to each side: train 1.000" in capsys.readouterr().out


def test_timit(tmp_path, capsys):
    make_copy(tmp_path / "TIMIT")
    assert main(["data", "speech", "--data", str(tmp_path), "--quiet"]) == 0
    output = capsys.readouterr().out
    assert "TIMIT: 4288 utterances, 61 phones, 39 channels" in output
    assert "192 utterances of 24 speakers" in output
    next(tmp_path.glob("TIMIT/TRAIN/DR1/*/SI1001.PHN")).unlink()
    assert main(["data", "speech", "--data", str(tmp_path), "--quiet"]) == 2
    found = capsys.readouterr()
    assert found.out == "" and found.err.startswith("pynn-eprop: error: ")
    assert "has no SI1001.PHN" in found.err


@pytest.mark.parametrize("option", ["text", "utterances", "seed", "processes"])
def test_options_of_made_speech_do_not_go_with_data(tmp_path, option):
    save_corpus(tmp_path / "a.npz", small_corpus())
    with pytest.raises(DataError, match=f"{option}=3 is for speech made with flite; leave it out"):
        read_speech(tmp_path / "a.npz", **{option: 3})


def test_what_is_not_there(tmp_path):
    with pytest.raises(DataError, match="none does not exist; give the folder of a copy of TIMIT"):
        read_speech(tmp_path / "none")
    with pytest.raises(DataError, match=r"scaling='log' is unknown; choose one of \['range'"):
        read_speech(tmp_path / "none", scaling="log")


def test_what_is_missing_is_said_before_anything_is_made(text, tmp_path, monkeypatch, capsys):
    made = ["data", "speech", "--text", str(text), "--utterances", "12", "--quiet"]
    assert main([*made, "--out", str(tmp_path / "none" / "a.npz")]) == 2
    assert "a.npz cannot be written: there is no folder" in capsys.readouterr().err
    for module, option, extra in (("sklearn.linear_model", "--floor", "decode"),
                                  ("pocketsphinx", "--recorded", "recorded-speech")):
        monkeypatch.setitem(sys.modules, module, None)
        assert main([*made, option]) == 2
        assert f"pynn_eprop[{extra}]" in capsys.readouterr().err
    assert not (tmp_path / "cache" / "pynn-eprop" / "speech").exists()


def test_recorded_speech_does_not_go_with_timit(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "check_recorded", lambda: None)
    with pytest.raises(DataError, match="with flite's phones, not with TIMIT's; leave it out"):
        read_speech(str(tmp_path), recorded=True)


def test_a_scaling(tmp_path):
    save_corpus(tmp_path / "a.npz", small_corpus())
    found = read_speech(tmp_path / "a.npz", scaling="range")
    assert found.scaling == "range"
    assert np.concatenate([each.features for each in found["train"]]).max() == 1.0


def test_lists_and_help(capsys):
    assert main(["list"]) == 0
    assert "  speech               phone-labelled speech" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["data"])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        main(["data", "speech", "--help"])
    assert ended.value.code == 0
    assert "--utterances N" in capsys.readouterr().out
