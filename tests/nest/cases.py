"""Cases that the tests run in NEST's process, a function each."""

import importlib
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from evidence.shared.nest_process import backend, with_warnings
from pynn_eprop import SGD, Adam, Arctan, errors
from tests.nest.tiny import Tiny, run_tiny


def tiny_on_nest(plan: Tiny) -> tuple[dict[str, Any], list[str]]:
    """A tiny network on NEST, and the warnings."""
    return with_warnings(lambda: run_tiny(backend(), plan))


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """The class and the message of the error that a call raises; ("", "") if none."""
    try:
        with_warnings(call)
    except Exception as error:
        return type(error).__name__, str(error)
    return "", ""


def tiny_refused(plan: Tiny) -> tuple[str, str]:
    """The error of a tiny network that is built and run."""
    return refusal(lambda: run_tiny(backend(), plan))


def tiny_refused_on_small_computer(plan: Tiny, memory: int) -> tuple[str, str]:
    """The error of a script, on a computer with so many bytes of memory."""
    with patch("pynn_eprop.nest.setup_keywords.physical_memory", lambda: memory):
        return tiny_refused(plan)


def raw_errors() -> list[str]:
    """Errors of other packages than ours at numbers that nobody needs."""
    numbers = (1e-300, 1e6, 1e12, 1e300)
    plans = [Tiny(cells={name: number}) for name in (
        "tau_m", "v_thresh", "tau_refrac", "f_target", "c_reg") for number in numbers]
    plans += [Tiny(readout={"tau_m": number}) for number in numbers]
    plans += [Tiny(synapse={"weight": sign * number}) for number in (*numbers, 1.7e308)
              for sign in (1.0, -1.0)]
    plans += [Tiny(synapse={"optimizer": optimizer}) for number in numbers
              for optimizer in (SGD(lr=number), Adam(lr=number, eps_hat=True),
                                Adam(eps=number, eps_hat=True))]
    plans += [Tiny(signal={"weight": number}) for number in numbers]
    plans += [Tiny(cells={"pseudo_derivative": Arctan(number, number)}) for number in numbers]
    plans += [Tiny(setup={name: number}) for number in (1, 2 ** 31 - 1)
              for name in ("trials_per_update", "seed", "rng_seed", "recording_precision")]
    plans += [Tiny(times=(number,)) for number in numbers]
    kinds = {kind.__name__ for kind in vars(errors).values() if isinstance(kind, type)}
    found = [(plan, tiny_refused(plan)) for plan in plans]
    return [f"{plan}: {kind}: {message}" for plan, (kind, message) in found
            if kind and kind not in kinds]


def script_refused(name: str) -> tuple[str, str]:
    """The error of a script of tests/nest/scripts.py."""
    scripts = importlib.import_module("tests.nest.scripts")
    return refusal(lambda: getattr(scripts, name)(backend()))


def values_after_refused_changes() -> dict[str, Any]:
    """Parameters after NEST refused to change them."""
    sim = backend()
    network = Tiny().build(sim)
    network.readout.record("y")
    sim.run(20.0)
    network.readout.get_data()
    refused = [refusal(change) for change in (
        lambda: network.cell.set(tau_m=10.0),
        lambda: network.input.set(spike_times=sim.Sequence([21.0])),
        lambda: network.readout.set(target=-network.readout.target))]
    assert [kind for kind, _ in refused] == ["UnsupportedError", "SimulationError",
                                             "SimulationError"], refused
    return {"tau_m": network.cell.get("tau_m"),
            "spikes": network.input.get("spike_times").value.tolist(),
            "target": float(network.readout.target[0, 0])}


def behaviour(name: str) -> Any:
    """The result of a script of tests/nest/behaviour.py."""
    scripts = importlib.import_module("tests.nest.behaviour")
    return with_warnings(lambda: getattr(scripts, name)(backend()))[0]


def offers(name: str) -> bool:
    """Whether the backend has a name."""
    return hasattr(backend(), name)


def missing_from_parent() -> list[str]:
    """Public names of pyNN.nest that the backend does not have."""
    parent = importlib.import_module("pyNN.nest")
    return [name for name in vars(parent) if not name.startswith("_")
            and not hasattr(backend(), name)]


def reset_of_newer_model() -> tuple[float, float]:
    """v of an `eprop_iaf` before and after the step of a spike: threshold 1, tau_m 10 ms."""
    backend()
    nest = importlib.import_module("nest")
    nest.ResetKernel()
    nest.set(resolution=1.0)
    cell = nest.Create("eprop_iaf", 1, {"E_L": 0.0, "V_m": 0.0, "V_th": 1.0, "tau_m": 10.0})
    source = nest.Create("spike_generator", 1, {"spike_times": [2.0]})
    meter = nest.Create("multimeter", 1, {"record_from": ["V_m"], "interval": 1.0})
    nest.Connect(source, cell, syn_spec={"weight": 1.5, "delay": 1.0})
    nest.Connect(meter, cell)
    nest.Simulate(10.0)
    v = meter.events["V_m"]
    first = int((v != 0.0).argmax())
    return float(v[first]), float(v[first + 1])
