"""Task 1.3 from the command line on a folder of TIMIT's shape, with sounds of our own."""

import pytest

from pynn_eprop.data.speech.phn import PHONES
from tests.data.speech.timit_copy import Damage, make_copy
from tests.experiments.command import results, run

SMALL = ("--neurons", "16", "--set", "v_thresh=0.5", "--quiet")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return make_copy(tmp_path_factory.mktemp("timit") / "TIMIT")


def test_a_run_has_the_papers_phones_sets_and_updates_of_an_epoch(copy, tmp_path):
    done = run("speech", tmp_path / "run", 2, *SMALL, "--data", str(copy))
    assert done.returncode == 0, done.stderr    # so few cells warn that some are silent
    found = results(tmp_path / "run")
    assert found["corpus"] == "TIMIT" and found["classes"] == list(PHONES)
    assert found["corpus_utterances"] == {"train": 3696, "validation": 400, "test": 192}
    # 3696 utterances in batches of 32, which is 115.5
    assert found["epoch_updates"] == 116
    assert {name for name in found if name.startswith("accuracy_")} == {
        "accuracy_validation", "accuracy_test", "accuracy_by_class"}


def test_a_broken_copy_is_refused_with_the_files_name_and_nothing_is_written(copy, tmp_path):
    phn = Damage(copy).replace("TRAIN/DR2/FABQ0/SX3.PHN", "0 100 h#\n100 nonsense iy\n")
    done = run("speech", tmp_path / "run", 2, *SMALL, "--data", str(copy))
    assert done.returncode == 2
    assert f"{phn}, line 2: " in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
