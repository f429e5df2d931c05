"""What is said of packets that were lost or came twice."""

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.spinnaker.board.losses import Loss, joined, shortened

ONE = Loss("cells[0:8]", "source[0:5]", "spikes", 20, 19, (2, 2), (3, 3))


@pytest.mark.parametrize(("loss", "sentence"), [
    (ONE, "cells[0:8]: heard 19 of 20 spikes of source[0:5] in interval 2; update 3 cannot be "
     "trusted"),
    (Loss("cells[0:8]", "out[0:2]", "errors", 20, 21, (2, 5), (1, 2)),
     "cells[0:8]: heard 21 of 20 errors of out[0:2] in intervals 2 to 5; updates 1 to 2 "
     "cannot be trusted"),
    (Loss("cells[0:8]", "out[0:2]", "mirrored weights", 20, 20, (0, 0), None),
     "cells[0:8]: heard 20 of 20 mirrored weights of out[0:2] in interval 0, but not each once"),
    (Loss("cells[0:8]", "cells[8:9]", "spikes", 20, 10),
     "cells[0:8]: heard 10 of 20 spikes of cells[8:9]"),
])
def test_sentences(loss, sentence):
    assert loss.sentence() == sentence


def test_losses_between_the_same_cores_are_joined():
    later = Loss("cells[0:8]", "source[0:5]", "spikes", 30, 31, (7, 8), None)
    errors = Loss("cells[0:8]", "source[0:5]", "errors", 1, 0, (7, 8), (4, 5))
    assert joined([ONE, errors, later]) == [
        Loss("cells[0:8]", "source[0:5]", "spikes", 50, 50, (2, 8), (3, 3)), errors]


def test_many_sentences_are_shortened():
    assert shortened(["a", "b"], 2) == ["a", "b"]
    assert shortened(["a", "b", "c"], 1) == ["a", "and 2 more such losses"]
