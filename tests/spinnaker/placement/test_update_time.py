"""Pauses are long enough for networks that keep to max_rate, whatever their shape.

Expected is what emulated cores take by the model of a chip's cycles: 1.3 times as much must have
been given. The networks are those for which random search found the shortest estimates.
"""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.engine.host_engine import HostEngine
from pynn_eprop.errors import SetupError
from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.network import Network, Recording, Settings
from pynn_eprop.spinnaker.memory.layout import Provenance
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.placement.update_time import UpdateTime, pauses
from tests.random_networks import Case, CellPlan, Plan, ReadoutPlan, make_case
from tests.spinnaker.twin import ChipNetwork, recordings_of

MARGIN = 1.3
MODEL = Conditions(timing="arm968")
PLANS = {
    "cells of many kinds, windows": Plan(
        interval_steps=400, sources=(10,), delays=("one",), wirings=("no self",),
        optimizers=("sgd",), cells=(CellPlan(100, adaptive=True, varied=True),),
        readouts=(ReadoutPlan(1),), feedbacks=("windowed",)),
    "61 readouts, sparse": Plan(
        interval_steps=200, sources=(60,), delays=("mixed",), wirings=("sparse",),
        cells=(CellPlan(20),), readouts=(ReadoutPlan(61, bias_optimizer="adam"),)),
    "sparse, SGD": Plan(
        interval_steps=20, sources=(300,), wirings=("sparse",), optimizers=("sgd",),
        cells=(CellPlan(8),), readouts=(ReadoutPlan(61),)),
    "long delays": Plan(
        interval_steps=60, sources=(100,), delays=("long",), cells=(CellPlan(40),)),
    "two signals, recorded, kept logs": Plan(
        interval_steps=200, trials=2, sources=(5,), readouts=(ReadoutPlan(2),) * 2,
        cells=(CellPlan(60, rate_term=True, varied=True),)),
}


def spikes_of(plan: Plan, every: int) -> dict[int, np.ndarray]:
    """All sources fire every so many steps, each at its own."""
    steps, sources = np.ogrid[:plan.steps + 1, :plan.sources[0]]
    return {0: ((steps + sources) % every == 0).astype(int)}


def highest_rate(network: Network, case: Case, trials: int, T: int) -> float:
    """Of what any population hears in an interval, Hz."""
    cells = [Recording(index, "spikes", np.arange(each.size))
             for index, each in enumerate(network.populations) if isinstance(each, SpikingCells)]
    host, highest = HostEngine(network, precision="fixed"), 0.1
    for number in range(trials):
        heard = {0: int(case.spikes[0][number * T:(number + 1) * T].sum())}
        found = host.run(T, case.inputs(host.step, T), cells)
        heard.update((recording.population, len(entry[0]))
                     for recording, entry in zip(cells, found.entries, strict=True))
        for post in range(len(network.populations)):
            before = {each.pre for each in network.projections if each.post == post}
            size = sum(network.populations[index].size for index in before)
            if size:
                highest = max(highest, sum(heard[index] for index in before)
                              / (size * T * network.settings.timestep * 1e-3))
    return highest


@pytest.mark.parametrize("every", [4, 50])
@pytest.mark.parametrize("name", PLANS)
def test_a_pause_is_a_third_longer_than_its_update(name, every):
    plan = PLANS[name]
    T = plan.interval_steps
    plan = Plan(**{**vars(plan), "stretches": ((T * plan.trials, True),)})
    made = make_case(plan)
    case = Case(plan, made.network, spikes_of(plan, every), {})
    rate = highest_rate(made.network, case, plan.trials, T)
    # one of these bursts is too much for a step: cells are late, and spikes are lost
    chip = ChipNetwork(made.network, recordings_of(made.network), max_rate=rate, conditions=MODEL,
                       warns_of_losses=True)
    try:
        chip.give(case.inputs(0, plan.steps))
        chip.advance(plan.steps)
        taken = max(vertex.provenance[Provenance.LONGEST_UPDATE]
                    for vertex in chip.vertices.values())
        # 3 steps of the pause are over when an update begins, and it must not end in the last
        given = (chip.net.plan.pause_update - 4) * plan.timestep * 1000
        assert taken > 1000
        assert given >= MARGIN * taken
    finally:
        chip.close()


@pytest.mark.parametrize(("trials", "learning"), [(2, True), (1, False)])
def test_recorded_learning_signals_have_a_pause_without_an_update_too(trials, learning):
    """Intervals whose log is kept until the update, and those that do not count."""
    T = 200
    plan = Plan(interval_steps=T, trials=trials, sources=(5,), readouts=(ReadoutPlan(10),),
                cells=(CellPlan(40, rate_term=True),), stretches=((2 * T, learning),))
    case = make_case(plan)
    chip = ChipNetwork(case.network, recordings_of(case.network), conditions=MODEL)
    try:
        chip.give(case.inputs(0, plan.steps))
        chip.advance(T, learning)
        taken = max(vertex.provenance[Provenance.LONGEST_UPDATE]
                    for vertex in chip.vertices.values())
        assert taken > 5000
        assert (chip.net.plan.pause_trial - 4) * 1000 >= MARGIN * taken
        chip.advance(T, learning)       # the next interval begins in time
    finally:
        chip.close()


@pytest.mark.parametrize(("factor", "steps", "least"), [(1.0, 60, 45.0), (2.0, 30, 25.0),
                                                        (0.5, 120, 85.0)])
def test_pauses_last_for_longer_with_a_time_scale(factor, steps, least):
    """An update of 40 ms, with a margin of a half; 5 steps of a pause are over before and after."""
    settings = Settings(timestep=1.0, interval_steps=100)
    work = [UpdateTime(0.0, backward=30_000.0, optimizer=10_000.0, trials=1, kept=False)]

    def found(pause=None):
        return pauses(settings, work, SpinnakerOptions(
            pause=pause, spynnaker={"time_scale_factor": factor})).update

    assert found() == 5 + steps
    assert found(least) == least
    also = "" if factor == 1.0 else f" and time_scale_factor={factor:g}"
    with pytest.raises(SetupError, match=rf"an update takes about {least:.1f} ms at max_rate=100 "
                       rf"Hz{also}; give a longer"):
        found(least - 1.0)
    with pytest.raises(SetupError, match=rf"takes about {5 + steps} ms at max_rate=100 Hz{also}:"):
        pauses(settings, work, SpinnakerOptions(
            machine_time=True, spynnaker={"time_scale_factor": factor}))
