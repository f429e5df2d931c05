"""Networks that do not fit are refused with what is needed and what there is, one test a limit."""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.errors import CapacityError, UnsupportedError
from pynn_eprop.in_the_loop.machine import LoopMachine
from pynn_eprop.in_the_loop.substrate import Limits
from pynn_eprop.in_the_loop.substrates import Model
from pynn_eprop.models.network import Boundary
from tests.descriptions import alif, analog, lstm
from tests.in_the_loop.networks import CELLS, cells, net


def limited(**limits):
    substrate = Model(holds=True)
    substrate.limits = Limits(**limits)
    return substrate


def with_delay(steps):
    network = net()
    slow = replace(network.projections[1], delay=np.full(len(network.projections[1].weight), steps))
    return replace(network, projections=(network.projections[0], slow, network.projections[2]))


@pytest.mark.parametrize(("limits", "network", "message"), [
    ({"cells": 19}, net(), "model has 19 cells, the network 20: cells 20"),
    ({"sources": 4}, net(), "model has 4 spike sources, the network 5"),
    ({"fan_in": 40, "rows_per_synapse": 2}, net(),
     "cells: a cell has 24 synapses, of 2 rows each as their weights may have either sign; model "
     "has 40 rows for a cell, enough for 20 synapses"),
    ({"delays": False}, with_delay(3), "a delay of 3 ms; model has none, which is taken for one "
                                       r"time step \(1 ms\)")])
def test_limits(limits, network, message):
    with pytest.raises(CapacityError, match=message):
        LoopMachine(network, limited(**limits))


def test_what_just_fits():
    LoopMachine(net(), limited(cells=20, sources=5, fan_in=48, rows_per_synapse=2, delays=False))


@pytest.mark.parametrize(("network", "message"), [
    (replace(net(optimizer=None), settings=replace(net().settings, interval_steps=None)),
     "model runs trials: give setup"),
    (net(boundary=Boundary.CONTINUOUS), "boundary='continuous': model begins each trial at rest"),
    (net(alif(CELLS)), r"cells: EPropALIF cells cannot run on model; choose one of "
                       r"\['EPropCurrLIF', 'EPropLIF'\]"),
    (net(replace(cells(), backwards=True)), "cells: backwards=True: model runs trials forwards"),
    (net(cells(v_initial=0.1)), "cells: initial values other than 0: model begins each trial at"),
])
def test_parts_that_no_chip_runs(network, message):
    with pytest.raises(UnsupportedError, match=message):
        LoopMachine(network, Model(holds=True))


@pytest.mark.parametrize("odd", [analog(CELLS), lstm(CELLS)])
def test_values_cannot_be_passed_on(odd):
    network = net()
    with pytest.raises(UnsupportedError, match="cannot be used with a chip in the loop; spike"):
        LoopMachine(replace(network, populations=(*network.populations, odd)), Model(holds=True))
