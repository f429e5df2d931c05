"""Results folders: refusing, resuming, atomic writes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.folder import (
    ResultsFolder,
    claim_folder,
    write_atomically,
    write_text,
)
from pynn_eprop.experiments.history import History

IDENTITY = {"task": "pattern-generation", "seed": 1, "parameters": {"lr": 0.1}}


def folder_with_progress(path, updates=3):
    folder = ResultsFolder(path)
    assert folder.open(IDENTITY, resume=False, force=False) is None
    folder.save_progress(IDENTITY, History(error=[0.5] * updates, loss=[1.0] * updates),
                         lambda checkpoint: checkpoint.write_bytes(b"state"))
    folder.close()
    return ResultsFolder(path)


def test_a_new_folder_starts_from_scratch_even_with_resume(tmp_path):
    assert ResultsFolder(tmp_path / "new").open(IDENTITY, resume=True, force=False) is None


def test_progress_comes_back(tmp_path):
    folder = folder_with_progress(tmp_path)
    history = folder.open(IDENTITY, resume=True, force=False)
    assert history == History(error=[0.5] * 3, loss=[1.0] * 3)
    assert folder.checkpoint_path().read_bytes() == b"state"
    assert (tmp_path / "learning_curve.csv").read_text() == (
        "update,error,loss\n1,0.5,1.0\n2,0.5,1.0\n3,0.5,1.0\n")


def test_only_the_latest_checkpoint_is_kept(tmp_path):
    folder = folder_with_progress(tmp_path)
    folder.save_progress(IDENTITY, History(error=[0.5] * 8, loss=[1.0] * 8),
                         lambda checkpoint: checkpoint.write_bytes(b"later"))
    assert [path.name for path in folder.state.glob("checkpoint*")] == ["checkpoint-000008.npz"]


def test_a_write_that_fails_leaves_the_old_state(tmp_path):
    folder = folder_with_progress(tmp_path)

    def fail(path):
        path.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        folder.save_progress(IDENTITY, History(error=[0.1] * 9, loss=[1.0] * 9), fail)
    assert folder.checkpoint_path().read_bytes() == b"state"
    history = ResultsFolder(tmp_path).open(IDENTITY, resume=True, force=False)
    assert history is not None and history.updates == 3
    assert not list(folder.state.glob(".*part*"))


def test_an_interrupted_run_is_not_overwritten_by_accident(tmp_path):
    folder = folder_with_progress(tmp_path)
    with pytest.raises(ResultsError, match="interrupted after 3 updates; use --resume"):
        folder.open(IDENTITY, resume=False, force=False)


def test_a_finished_run_is_not_overwritten_by_accident(tmp_path):
    folder = folder_with_progress(tmp_path)
    write_text(tmp_path / "results.json", "{}")
    with pytest.raises(ResultsError, match=r"finished run; use --resume .* --force"):
        folder.open(IDENTITY, resume=False, force=False)


@pytest.mark.parametrize("name", ["weights.npz", "learning_curve.csv", "figure.png"])
@pytest.mark.parametrize("resume", [False, True])
def test_files_that_no_run_has_written_are_not_overwritten(tmp_path, name, resume):
    (tmp_path / name).write_text("of the user")
    with pytest.raises(ResultsError, match=f"holds {name}, but neither a result nor a state"):
        ResultsFolder(tmp_path).open(IDENTITY, resume=resume, force=False)
    assert (tmp_path / name).read_text() == "of the user"
    assert ResultsFolder(tmp_path).open(IDENTITY, resume=False, force=True) is None
    assert not (tmp_path / name).exists()


def test_what_a_killed_run_has_left_before_its_first_progress_is_removed(tmp_path):
    """Weights of other updates would be taken for those of this run."""
    state = tmp_path / "state"
    state.mkdir()
    left = [state / name for name in ("weights-000010.npz", "epoch-000010.npz",
                                      "checkpoint-000010.npz")]
    for path in (*left, state / "lock"):
        path.write_text("")
    assert ResultsFolder(tmp_path).open(IDENTITY, resume=False, force=False) is None
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("force", [False, True])
def test_a_state_that_no_run_has_made_is_left_alone(tmp_path, force):
    notes = tmp_path / "state" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("of the user")
    with pytest.raises(ResultsError, match="is there, and not of this program"):
        ResultsFolder(tmp_path).open(IDENTITY, resume=False, force=force)
    assert notes.read_text() == "of the user"


def test_the_work_of_another_command_is_left_alone(tmp_path):
    other = tmp_path / "state" / "identity.json"
    other.parent.mkdir()
    write_text(other, "{}")
    with pytest.raises(ResultsError, match="holds the work of another command"):
        ResultsFolder(tmp_path).open(IDENTITY, resume=False, force=True)
    assert other.exists()


def test_hidden_files_of_the_user_stay(tmp_path):
    (tmp_path / ".thesis.partial").write_text("mine")
    (tmp_path / ".x.parts").mkdir()
    (tmp_path / ".weights.part.npz").write_text("half written")
    assert ResultsFolder(tmp_path).open(IDENTITY, resume=False, force=False) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [".thesis.partial", ".x.parts",
                                                                "state"]


def test_a_run_that_failed_before_its_first_state_is_replaced(tmp_path):
    write_text(tmp_path / "results.json", '{"failure": "boot"}')
    write_text(tmp_path / "weights.npz", "those of the failure")
    assert ResultsFolder(tmp_path).open(IDENTITY, resume=True, force=False) is None


def test_force_clears_the_folder_but_nothing_else(tmp_path):
    folder = folder_with_progress(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "results.json").write_text("{}")
    assert folder.open(IDENTITY, resume=False, force=True) is None
    assert not folder.finished and not folder.started
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_another_run_is_not_resumed(tmp_path):
    folder = folder_with_progress(tmp_path)
    other = IDENTITY | {"seed": 2}
    with pytest.raises(ResultsError, match="another run \\(seed: 1 there, 2 asked for\\)"):
        folder.open(other, resume=True, force=False)


@pytest.mark.parametrize("change", [{"rule": "clopath"}, {"gradient": "bptt"}])
def test_folders_from_before_rules_and_gradients_could_be_chosen_go_on_with_the_first(
        change, tmp_path):
    chosen = Configuration("pattern-generation", backend="jax").identity()
    older = {name: value for name, value in chosen.items() if name not in ("rule", "gradient")}
    folder = ResultsFolder(tmp_path)
    folder.open(older, resume=False, force=False)
    folder.save_progress(older, History(error=[0.5], loss=[1.0]), None)
    folder.close()
    assert folder.open(chosen, resume=True, force=False).updates == 1
    folder.close()
    (name, value), = change.items()
    with pytest.raises(ResultsError, match=f"{name}: {chosen[name]!r} there, {value!r} asked for"):
        folder.open(chosen | change, resume=True, force=False)


def test_a_folder_that_is_refused_is_not_kept_locked(tmp_path):
    folder, refused = folder_with_progress(tmp_path), ResultsFolder(tmp_path)
    with pytest.raises(ResultsError, match="holds another run"):
        refused.open(IDENTITY | {"seed": 2}, resume=True, force=False)
    assert folder.open(IDENTITY, resume=True, force=False).updates == 3


def test_what_an_interrupted_write_has_left_is_removed(tmp_path):
    folder = folder_with_progress(tmp_path)
    left = [tmp_path / ".results.part.json", folder.state / ".checkpoint-000009.part.npz"]
    for path in left:
        path.write_bytes(b"half")
    folder.open(IDENTITY, resume=True, force=False)
    assert not any(path.exists() for path in left)


def with_data(path, checksum="c0ffee", **parameters):
    return IDENTITY | {"data_checksum": checksum, "parameters": {"data": path, **parameters}}


def test_data_may_have_been_moved_if_their_checksum_is_the_same(tmp_path):
    folder = ResultsFolder(tmp_path)
    folder.open(with_data("here.npz", lr=0.1), resume=False, force=False)
    folder.save_progress(with_data("here.npz", lr=0.1), History(error=[0.5], loss=[1.0]), None)
    folder.close()
    for moved in (with_data("/there/it.npz", lr=0.1),
                  IDENTITY | {"data_checksum": "c0ffee"}):      # where it is looked for anyway
        assert ResultsFolder(tmp_path).open(moved, resume=True, force=False).updates == 1
    for other, message in ((with_data("here.npz", "another", lr=0.1), "data_checksum: 'c0ffee'"),
                           (with_data("here.npz", lr=0.2), "parameter lr: 0.1 there, 0.2 ask")):
        with pytest.raises(ResultsError, match=message):
            ResultsFolder(tmp_path).open(other, resume=True, force=False)


def test_two_runs_cannot_share_a_folder(tmp_path):
    first = ResultsFolder(tmp_path)
    first.open(IDENTITY, resume=False, force=False)
    with pytest.raises(ResultsError, match="in use by another run"):
        ResultsFolder(tmp_path).open(IDENTITY, resume=False, force=False)
    first.close()
    ResultsFolder(tmp_path).open(IDENTITY, resume=False, force=False)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="is a file"):
        ResultsFolder(tmp_path / "file").open(IDENTITY, resume=False, force=False)


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path):
    (tmp_path / "state" / "lock").mkdir(parents=True)      # no file can be opened there
    with pytest.raises(ResultsError, match="cannot be written to: Is a directory; give another"):
        claim_folder(tmp_path, tmp_path / "state")


def test_an_unreadable_state_says_what_to_do(tmp_path):
    folder = folder_with_progress(tmp_path)
    (folder.state / "progress.json").write_text('{"identity"')
    with pytest.raises(ResultsError, match=r"cannot be read .* use --force"):
        folder.open(IDENTITY, resume=True, force=False)
    (folder.state / "progress.json").write_text('{"identity": {}}')
    with pytest.raises(ResultsError, match=r"it has no history, checkpoint\); use --force"):
        folder.open(IDENTITY, resume=True, force=False)


def test_temporary_files_keep_the_suffix(tmp_path):
    # savez and NIX choose or check the suffix themselves
    seen = []
    write_atomically(tmp_path / "weights.npz", lambda path: (seen.append(path),
                                                             path.write_bytes(b"1")))
    assert seen[0].suffix == ".npz" and seen[0].parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]


@given(error=st.lists(st.floats(0.0, 2.0), min_size=1),
       confirmations=st.lists(st.tuples(st.integers(1, 99), st.integers(0, 9),
                                        st.integers(9, 99))))
def test_a_history_survives_json_with_all_its_bits(error, confirmations):
    history = History(error=error, loss=error, seconds=1.5, confirmations=confirmations)
    assert History.from_dict(json.loads(json.dumps(history.as_dict()))) == history


def test_the_last_fifty_are_averaged():
    history = History(error=[9.0] * 7 + [1.0] * 25 + [2.0] * 25)
    assert history.error_last == 1.5
    assert History(error=[1.0, 2.0]).error_last == 1.5
