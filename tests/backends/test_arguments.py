"""Arguments of a wrong kind are refused on every backend with the same error and message."""

import pytest

from tests.backends.scripts import BACKENDS, IN_PROCESS

# populations and views of sPyNNaker's own cells are sPyNNaker's, with its own checks
GROUPS = [(backend, own) for backend in BACKENDS for own in (True, False)
          if (backend, own) != ("spinnaker", False)]

MESSAGES = {
    "both cells": "p: presynaptic_neurons must be a Population, PopulationView or Assembly, not a "
                  "single cell; for some of its cells make a view, population[i:j]",
    "post: a cell": "p: postsynaptic_neurons must be a Population, PopulationView or Assembly, not "
                    "a single cell; for some of its cells make a view, population[i:j]",
    "post: a name": "not 'cells' (str)",
    "post: a class": "not the class Assembly",
    "connector: nothing": "p: connector must be an object such as AllToAllConnector(), not None "
                          "(NoneType)",
    "connector: a class": "not the class AllToAllConnector",
    "synapse: a number": "p: synapse_type must be an object such as StaticSynapse(...) or "
                         "EPropSynapse(...), not 0.5 (float)",
    "space: a name": "p: space must be a Space(...), not '3D' (str)",
    "attributes: a number": "get(): attributes must be a name or a list of names, not 3 (int)",
    "size: 1.5": "new: size must be a whole number, or a tuple of one to three, not 1.5 (float)",
    "cell type: a name": "new: cellclass must be a cell type such as EPropLIF(...), not "
                         "'EPropLIF' (str)",
    "structure: a name": "new: structure must be an object such as Grid2D(), not 'grid' (str)",
    "view of nothing": "a view: the parent must be a Population or PopulationView, not None",
    "assembly: a name": "an Assembly is made of Populations and PopulationViews, not 'cells'",
    "cells: item None": "cells: None (NoneType) selects no cells",
    "cells: inject nothing": "cells: inject() takes a current source such as DCSource(...), not "
                             "None (NoneType)",
    "cells: record numbers": "cells: record(): variables must be names, not 3 (int)",
    "interval: '1'": "cells: sampling_interval must be a number, not '1' (str)",
}


@pytest.mark.parametrize(("backend", "own"), GROUPS)
def test_arguments_of_a_wrong_kind(on_backend, own):
    found = on_backend("arguments.refused_kinds", own)
    assert {name: kinds[:1] for name, (kinds, _) in found.items()} \
        == {name: ["ArgumentError"] for name in found}
    # what PyNN raises, and Python, is caught as before
    assert all({"ConnectionError", "TypeError", "ValueError"} <= set(kinds)
               for kinds, _ in found.values())
    for name, message in MESSAGES.items():
        assert message in found[name][1], name


@pytest.mark.parametrize(("backend", "own"), GROUPS)
def test_names_and_places_that_are_not_there(on_backend, backend, own):
    found = on_backend("arguments.other_refusals", own)
    kinds = {name: classes[0] for name, (classes, _) in found.items()}
    current = "UnsupportedError" if backend == "spinnaker" else "NetworkError"
    # a parent backend's own cells have no classes for these
    one_by_one = own or backend in IN_PROCESS
    assert kinds == {
        **dict.fromkeys(("cell 99", "cell -9", "of a view", "of an assembly"), "SelectionError"),
        **dict.fromkeys(("state variable", "no initial value"), "ParameterError"),
        "initial values": "DimensionError" if one_by_one else "ParameterError",
        "current into a source": current,
        **{name: "RecordingError" for name in kinds if name.startswith("interval")},
        **dict.fromkeys(("recordable", "recordables"),
                        "RecordingError" if not own and backend == "spinnaker"
                        else "UnknownVariableError")}
    assert "there is no cell 99; its 3 cells are 0..2" in found["cell 99"][1]
    assert "cells: sampling_interval=0 ms must be at least one" in found["interval: 0"][1]


def test_a_view_made_by_its_class_is_that_of_an_index(on_backend):
    assert on_backend("arguments.view_by_its_class") == [2.0, 0.61, 2.0]     # the default
