"""Views and parts of assemblies on every backend: what they refuse, and which cells they have."""

import re

import numpy as np
import pytest

from tests.backends.scripts import BACKENDS

# views of sPyNNaker's own populations are sPyNNaker's, with its own checks
GROUPS = [(backend, kind) for backend in BACKENDS
          for kind in ("learning cells", "stock cells", "view", "assembly")
          if (backend, kind) != ("spinnaker", "stock cells")]


@pytest.mark.parametrize(("backend", "kind"), GROUPS)
@pytest.mark.parametrize(("selector", "message"), [
    ([], "of cells would have no cells; select at least one of its 5"),
    (slice(5, None), "would have no cells"),
    ([False] * 5, "would have no cells"),
    ([0, 5], r"there is no cell 5; its 5 cells are 0\.\.4"),
    ([-6], "there is no cell -6"),
    ([True, False], r"a mask of shape \(2,\) does not fit; give one value for each of its 5"),
    ([0.5, 1.5], r"\[0.5, 1.5\] selects no cells; give a slice, a mask or a list"),
    ([[0, 1]], r"\[\[0, 1\]\] selects no cells"),
    (["first"], r"\['first'\] selects no cells"),
])
def test_selections_that_are_none_are_network_errors(on_backend, kind, selector, message):
    group = "a view of view of" if kind == "view" else \
        "a part of cells" if kind == "assembly" else "a view of cells"
    kinds, found = on_backend("views.refused_selection", kind, selector)
    assert kinds[:1] == ["NetworkError"]
    message = message.replace("of cells ", "")
    assert found.startswith(group) and re.search(message, found)


@pytest.mark.parametrize(("backend", "kind"), GROUPS)
@pytest.mark.parametrize(("selector", "cells", "repeated"), [
    ([3, 1], [1, 3], False),
    ([-1, 0], [0, 4], False),
    ([False, True, False, False, True], [1, 4], False),
    (slice(1, 4), [1, 2, 3], False),
    ((2, 0), [0, 2], False),
    ([2, 2, 0], [0, 2], True),
    ([4, -1], [4], True),
])
def test_a_view_has_each_cell_once_in_their_order(on_backend, kind, selector, cells, repeated):
    # as PyNN documents; -1 is the last cell, as in all of Python
    found, logged = on_backend("views.selected", kind, selector)
    assert found == cells
    assert any("duplicates are removed" in message for message in logged) == repeated
    assert np.all(np.diff(found) > 0)
