"""A script's own output is clean: what the package and PyNN do for it prints and warns nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: A script with stock cells, cells that learn and a readout: run, read, reset, begin
#: again, meet an error, and end without a run.
SCRIPT = """
import tempfile
import pynn_eprop.{backend} as sim
from pynn_eprop import SGD
from pynn_eprop.errors import NetworkError

def build():
    sim.setup(timestep=1.0, update_interval=20.0)
    times = [2.0, 5.0, 22.0, 25.0]
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=times), label="source")
    cells = sim.Population(4, sim.EPropLIF(v_thresh=0.5), label="cells")
    readout = sim.Population(2, sim.EPropReadout(target=[[0.5] * 20] * 2), label="readout")
    stock = sim.Population(2, sim.IF_curr_exp(i_offset=0.5), label="stock")
    plastic = sim.EPropSynapse(weight=0.2, optimizer=SGD(lr=0.01))
    everyone = sim.AllToAllConnector()
    sim.Projection(source, cells, everyone, plastic, label="in")
    sim.Projection(cells, readout, everyone, plastic, label="out")
    sim.Projection(cells, stock, everyone, sim.StaticSynapse(weight=0.5, delay=1.0))
    cells.record(["spikes", "v"])
    stock.record(["spikes", "v"])
    return cells, readout, stock

cells, readout, stock = build()
try:
    sim.run(20.0)       # no learning signal yet
except NetworkError:
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=0.3),
                   receptor_type="learning_signal", label="back")
cells.record("v", to_file=tempfile.mkdtemp() + "/v.pkl")
sim.run(20.0)
cells.get_data(), stock.get_data()
if "{backend}" != "nest":
    sim.reset()
    sim.run(20.0)
sim.end()
build()
{more}
"""
OWN_OBJECT = "import gc, brian2; brian2.NeuronGroup(1, 'v : 1'); gc.collect()"
OWN_CALL = "sim.nest.GetStatus(stock.node_collection)"


def said(backend: str, more: str = "") -> str:
    """The output of the script, without warnings of deprecation, which Python does not show."""
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(backend=backend, more=more)],
                          capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("backend", ["host", "jax", "nest", "brian2"])
def test_a_script_prints_only_what_it_prints(backend):
    assert said(backend) == ""


def test_brian2_still_warns_of_a_scripts_own_objects():
    assert said("brian2", OWN_OBJECT).count("was never included in a network") == 1


def test_nest_still_warns_of_a_scripts_own_calls_and_leaves_other_warnings_as_they_are():
    text = said("nest", f"build()[2]; stock = build()[2]; {OWN_CALL}\n"
                        "import warnings; warnings.warn('mine')")
    assert text.count("GetStatus() is deprecated") == 1
    assert "<string>" in text and "UserWarning: mine\n" in text
