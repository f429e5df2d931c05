"""Errors of the backend before anything is loaded, on a virtual board."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import spynnaker.pyNN as spynnaker

import pynn_eprop.spinnaker as sim
from pynn_eprop import Adam, FixedPoint, errors
from pynn_eprop.spinnaker import binaries
from pynn_eprop.spinnaker.board.session import Session
from tests.spinnaker.virtual import virtual_board

T = 20.0
ALL = sim.AllToAllConnector()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[None]:
    with virtual_board(tmp_path):
        yield
        sim.end()


def network(weight: float = 0.1, cells: int = 6, **setup: Any) -> dict[str, Any]:
    """Inputs, cells that learn, readouts that teach them."""
    sim.setup(timestep=1.0, update_interval=T, seed=1, **setup)
    inputs = sim.Population(4, sim.SpikeSourceArray(spike_times=[[1.0]] * 4), label="inputs")
    hidden = sim.Population(cells, sim.EPropLIF(), label="hidden")
    readout = sim.Population(2, sim.EPropReadout(target=np.zeros((2, int(T)))), label="readout")
    adam = Adam(lr=0.01)
    made = {"inputs": inputs, "hidden": hidden, "readout": readout}
    made["in"] = sim.Projection(inputs, hidden, ALL,
                                sim.EPropSynapse(weight=weight, optimizer=adam), label="in")
    made["out"] = sim.Projection(hidden, readout, ALL,
                                 sim.EPropSynapse(weight=0.1, optimizer=adam), label="out")
    made["signal"] = sim.Projection(readout, hidden, ALL, sim.LearningSignal(weight=0.5),
                                    receptor_type="learning_signal", label="signal")
    return made


def test_a_network_is_mapped_and_weights_come_back_with_their_signs(board):
    made = network()
    weights = np.linspace(-0.5, 0.5, 24).reshape(4, 6)
    made["in"].set(weight=weights)
    np.testing.assert_array_equal(made["in"].get("weight", format="array"), weights)
    sim.run(T)
    # 16 bits on the wire, 16 more in the master: formats of docs/fixed_point.md
    np.testing.assert_allclose(made["in"].get("weight", format="array"), weights, atol=2.0 ** -27)
    assert np.all(made["in"].get("delay", format="array") == 1.0)
    assert sim.get_current_time() == T


@pytest.mark.parametrize(("keyword", "value", "message"), [
    ("precision", "float32", "precision='float32' is not possible here"),
    ("max_rate", -1.0, "max_rate=-1.0 must be a number > 0"),
    ("pause", 0.0, "pause=0.0 must be a number > 0"),
    ("neurons_per_core", 0, "neurons_per_core=0 must be a whole number >= 1"),
    ("neuron_per_core", 8, "did you mean 'neurons_per_core'"),
    ("machine_time", 1, "machine_time=1 must be True or False"),
    ("quiet", "yes", "quiet='yes' must be True or False"),
    ("failure_folder", __file__, "is not a folder that can be written to"),
    ("failure_folder", 3, "failure_folder=3 is not the name of a folder"),
    ("time_scale_factor", 0, "time_scale_factor=0 must be a number > 0"),
    ("time_scale_factor", "2", "time_scale_factor='2' must be a number > 0"),
    ("time_scale_factor", np.float64(1e9),
     r"timestep=1 ms with time_scale_factor=1e\+09 is too long .* 21474.8 ms at most"),
    ("n_boards_required", 0, "n_boards_required=0 must be a whole number >= 1"),
    ("n_boards_required", 1366, "n_boards_required=1366 is more than a machine can have, 1365"),
    ("n_chips_required", 1.5, "n_chips_required=1.5 must be a whole number >= 1"),
    ("database_socket_addresses", "here", "must be a list of spinn_utilities.socket_address"),
    # a time step is a whole number of microseconds; timers have 32 bits, 200 cycles a microsecond
    ("timestep", 1 / 3, "timestep=0.333333 ms is not possible .* use 0.333 or 0.334 ms"),
    ("timestep", 1e-9, "timestep=1e-09 ms is not possible .* use 0.001 ms"),
    ("timestep", 21475.0, "timestep=21475 ms is too long .* 21474.8 ms at most"),
])
def test_bad_setup(keyword, value, message):
    with pytest.raises(errors.SetupError, match=message):
        sim.setup(**{"timestep": 1.0, keyword: value})


def test_numbers_of_numpy_and_the_order_of_spynnakers_setup(board):
    sim.setup(0.1, 0.1, 14.4, None, np.int64(2), None, np.int64(1))
    options = sim.simulator.state.simulation.machine_options
    assert options.spynnaker == {"time_scale_factor": 2, "n_boards_required": 1}
    assert sim.get_max_delay() == 14.4


def test_a_time_that_the_machine_does_not_count(board):
    network(pause=1e12)
    with pytest.raises(errors.SimulationError, match=r"a run to 20 ms, with a pause of 1e\+12 ms "
                       "after each interval, is too long: the machine counts 2147483647 steps"):
        sim.run(T)


def test_numbers_that_cells_of_spynnaker_cannot_hold(board):
    made = network()
    native_cells = sim.Population(2, sim.IF_curr_exp(tau_refrac=1e6), label="native cells")
    sim.Projection(made["inputs"], native_cells, ALL, sim.StaticSynapse(1.0, 1.0), None,
                   "excitatory")
    with pytest.raises(errors.NetworkError, match="a number does not fit what sPyNNaker's own cells"
                       r" and synapses hold: native cells: tau_refrac=1e\+06 must be less than "
                       "65536"):
        sim.run(T)
    with pytest.raises(errors.SimulationError, match=r"after a run that was refused: .*call "
                       r"setup\(\) and build the network again"):
        sim.run(T)


@pytest.mark.parametrize(("keyword", "value", "remedy"), [
    ("seed", 3, r"setup\(seed=...\)"), ("neurons_per_core", 8, r"setup\(neurons_per_core=...\)"),
    ("additional_parameters", {"seed": 3}, r"setup\(seed=...\)"),
])
def test_keywords_that_only_spynnakers_own_populations_take(board, keyword, value, remedy):
    sim.setup(timestep=1.0)
    with pytest.raises(errors.UnsupportedError, match=rf"Population\({keyword}=.*\) is for "
                                                      rf"sPyNNaker's own cells; {remedy}"):
        sim.Population(2, sim.EPropLIF(), **{keyword: value})


def test_time_constants_far_beyond_a_run(board):
    # 1 - exp(-1e-30) is 0 in float64
    made = network()
    made["readout"].set(tau_m=1e30)
    sim.run(T)


def test_a_network_that_keeps_what_it_learned_stays_as_it_is_laid_out(board):
    made = network()
    sim.run(T)
    sim.reset(keep_weights=True)
    for change in (lambda: sim.Population(2, sim.EPropLIF()),
                   lambda: made["in"].set(delay=2.0), lambda: made["signal"].set(weight=0.1)):
        with pytest.raises(errors.UnsupportedError,
                           match=r"goes on with what it learned stays as it is laid out; use "
                                 r"save_weights\(\), reset\(\) and then load_weights\(\)"):
            change()
    sim.reset()
    made["in"].set(delay=2.0)
    sim.run(T)


def test_what_is_refused_is_as_it_was_before(board):
    made = network(trials_per_update=2)
    sim.run(2 * T)
    with pytest.raises(errors.UnsupportedError, match="cannot get different ones once the network"
                       r" is loaded; .* first run, or after a reset\(\) that keeps no weights"):
        made["hidden"].set(v_thresh=[0.4, 0.5, 0.6, 0.6, 0.6, 0.6])
    with pytest.raises(errors.UnsupportedError,
                       match=r"with trials_per_update > 1 a rate term \(c_reg\) cannot come or go"):
        made["hidden"].set(c_reg=0.5)
    with pytest.raises(errors.NetworkError, match="the weight 100 does not fit 16 bits"):
        made["in"].set(weight=100.0)
    assert made["hidden"].get(["v_thresh", "c_reg"]) == [
        sim.EPropLIF.default_parameters[name] for name in ("v_thresh", "c_reg")]
    np.testing.assert_allclose(made["in"].get("weight", "array"), 0.1, atol=2.0 ** -27)
    sim.run(2 * T)
    sim.reset()
    made["hidden"].set(v_thresh=[0.4, 0.5, 0.6, 0.6, 0.6, 0.6], c_reg=0.5)
    made["in"].set(weight=100.0)
    sim.run(2 * T)


def test_no_configuration(tmp_path, monkeypatch):
    """sPyNNaker writes one, in which there is no machine yet."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.SetupError, match=r"has made ~/.spynnaker.cfg; put under "
                       r"\[Machine\].*what `pynn-eprop board` prints"):
        sim.setup(timestep=1.0)
    assert (tmp_path / ".spynnaker.cfg").is_file()


def test_a_configuration_without_a_machine(tmp_path, monkeypatch):
    (tmp_path / ".spynnaker.cfg").write_text(
        f"[Machine]\nversion = 5\n[Reports]\ndefault_report_file_path = {tmp_path}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(errors.SetupError, match=r"configuration names no machine; put under "
                       r"\[Machine\].*what `pynn-eprop board` prints"):
        sim.setup(timestep=1.0)


def test_a_pause_that_is_too_short_names_both_times(board):
    network(pause=6.0, max_rate=1000.0, cells=80)
    with pytest.raises(errors.SetupError, match=r"pause=6 ms is too short: an update takes about "):
        sim.run(T)
    network(pause=2.0)
    with pytest.raises(errors.SetupError, match=r"pause=2 ms is too short; an interval is over "
                                                r"when 5 ms"):
        sim.run(T)


def test_a_factor_of_the_configuration_shortens_pauses_after_load_checkpoint_too(tmp_path):
    """Also if the formats of the checkpoint are not those that the network would have."""
    def pause() -> int:
        return sim.simulator.state.simulation.network.plan.pause_update

    with virtual_board(tmp_path):
        configuration = tmp_path / ".spynnaker.cfg"
        configuration.write_text(configuration.read_text().replace(
            "[Machine]", "[Machine]\ntime_scale_factor = 10"))
        network(weight=7.0, cells=600)
        sim.save_checkpoint(tmp_path / "kept.npz")
        expected = pause()
        network(weight=0.1, cells=600)
        sim.load_checkpoint(tmp_path / "kept.npz")
        assert pause() == expected
        network(weight=0.1, cells=600, time_scale_factor=1)
        sim.save_checkpoint(tmp_path / "other.npz")
        assert pause() > expected
        sim.end()


def test_weights_beyond_the_format(board):
    network(weight=3.0, fixed_point=FixedPoint(weight_bits={"in": 15}))
    with pytest.raises(errors.NetworkError, match="in: the weight 3 does not fit 16 bits"):
        sim.run(T)


def test_continuous_boundary(board):
    network(boundary="continuous")
    with pytest.raises(errors.UnsupportedError, match="learns with boundary='reset' only"):
        sim.run(T)


def test_unknown_connectors_and_synapses_by_name(board):
    made = network()
    with pytest.raises(errors.UnsupportedError,
                       match=r"KernelConnector is not a connector that e-prop cells can have"):
        sim.Projection(made["inputs"], made["hidden"], sim.KernelConnector(
            (2, 2), (2, 3), (1, 1)), sim.EPropSynapse(weight=0.1))
    with pytest.raises(errors.UnsupportedError, match="is not a synapse type that e-prop cells"):
        sim.Projection(made["inputs"], made["hidden"], ALL, spynnaker.StaticSynapse(weight=0.1))


def test_learning_synapses_onto_cells_of_spynnaker(board):
    made = network()
    cells = sim.Population(3, sim.IF_curr_exp(), label="native cells")
    with pytest.raises(errors.NetworkError, match=r"onto native: EPropSynapse leads to "
                       r"IFCurrExpBase \(native cells\).*use StaticSynapse"):
        sim.Projection(made["inputs"], cells, ALL,
                       sim.EPropSynapse(weight=0.1, optimizer=Adam(lr=0.1)), label="onto native")


def test_currents_into_learning_cells(board):
    made = network()
    with pytest.raises(errors.UnsupportedError, match="DCSource cannot be injected into EPropLIF"):
        made["hidden"].inject(sim.DCSource(amplitude=0.1))


def test_cell_types_of_other_backends(board):
    import pynn_eprop.host as host
    sim.setup(timestep=1.0)
    with pytest.raises(errors.UnsupportedError, match="is not a cell type of this backend"):
        sim.Population(3, host.EPropLIF())


def test_a_network_beyond_the_machine(tmp_path):
    with virtual_board(tmp_path, version=3):
        network(cells=900, neurons_per_core=8)
        with pytest.raises(errors.NetworkError, match=r"does not fit the machine.*114 cores"):
            sim.run(T)


def test_a_log_that_no_chip_holds(board):
    network(trials_per_update=1000, max_rate=1000.0, cells=2000)
    sim.Projection(sim.simulator.state.simulation.populations[1],
                   sim.simulator.state.simulation.populations[1],
                   sim.FixedNumberPreConnector(4), sim.EPropSynapse(weight=0.1))
    sim.simulator.state.simulation.populations[1].set(c_reg=0.1)
    with pytest.raises(errors.NetworkError, match=r"a core needs \d+ MiB, and a chip has 110"):
        sim.run(T)


def test_missing_programs_are_an_error_before_the_machine_is_asked(board, monkeypatch, tmp_path):
    network()
    monkeypatch.setattr(binaries, "FOLDER", tmp_path)
    monkeypatch.setattr(Session, "virtual", False)
    with pytest.raises(errors.MissingDependencyError, match=r"eprop_\w+.aplx is missing"):
        sim.run(T)


def test_changes_between_runs_that_the_layout_does_not_hold(board):
    made = network()
    sim.run(T)
    with pytest.raises(errors.UnsupportedError, match="a network is laid out before its first run"):
        sim.Projection(made["hidden"], made["hidden"], ALL, sim.EPropSynapse(weight=0.1))
    with pytest.raises(errors.UnsupportedError, match="new delays at 20 ms"):
        made["in"].set(delay=2.0)


def test_everything_that_pynn_spinnaker_offers_is_there():
    assert set(spynnaker.__all__) - set(sim.__all__) == set()
    assert set(dir(spynnaker.external_devices)) - set(dir(sim.external_devices)) == set()
    import pynn_eprop.host as host
    # cores refuse these by name (tests/backends/test_own_kinds.py)
    assert set(host.__all__) - set(sim.__all__) == {"EPropArtificial", "EPropCurrLIF",
                                                     "EPropLSTM"}
    assert all(hasattr(sim, name) for name in host.__all__)


def test_what_would_go_on_in_the_pauses_is_refused_where_script_time_has_none(board):
    made = network()
    cells = sim.Population(6, spynnaker.IF_curr_exp(), label="native")
    stdp = spynnaker.STDPMechanism(
        timing_dependence=spynnaker.SpikePairRule(A_plus=0.1, A_minus=0.1),
        weight_dependence=spynnaker.AdditiveWeightDependence(w_max=1.0), weight=0.1, delay=1.0)
    remedy = r".* with setup\(machine_time=True, pause=...\) it does"
    with pytest.raises(errors.UnsupportedError,
                       match=r"the learning of \w*STDP\w* would go on" + remedy):
        sim.Projection(made["hidden"], cells, ALL, stdp)
    with pytest.raises(errors.UnsupportedError,
                       match=r"live input would go on in the pauses" + remedy):
        sim.Population(3, spynnaker.external_devices.SpikeInjector(), label="live")
    for population in (cells, made["hidden"]):
        with pytest.raises(errors.UnsupportedError,
                           match=r"live output would go on in the pauses" + remedy):
            sim.external_devices.activate_live_output_for(population)


def test_machine_time_needs_a_pause_that_is_long_enough(board):
    network(machine_time=True, max_rate=1000.0, cells=80)
    with pytest.raises(errors.SetupError, match=r"machine_time=True with update_interval needs "
                                                r"pause=") as refusal:
        sim.run(T)
    assert "at max_rate=1000 Hz" in str(refusal.value)
    needed = float(re.search(r"takes about ([\d.]+) ms", str(refusal.value)).group(1))
    network(machine_time=True, max_rate=1000.0, cells=80, pause=6.0)
    with pytest.raises(errors.SetupError, match=r"pause=6 ms is too short: an update takes about "):
        sim.run(T)
    with pytest.raises(errors.SetupError, match=r"pause=7.3 ms is not a whole number of time "):
        network(machine_time=True, pause=7.3)
    # what is said suffices
    network(machine_time=True, max_rate=1000.0, cells=80, pause=needed)
    sim.run(T)
    sim.run(needed - 1.0)
    assert sim.get_current_time() == T + needed - 1.0
