"""Hypothesis strategies for whole networks; see :mod:`tests.random_networks`."""

from hypothesis import strategies as st

from pynn_eprop.models.network import Boundary
from pynn_eprop.models.pseudo_derivatives import PSEUDO_DERIVATIVES
from pynn_eprop.models.rules import RULES
from tests.random_networks import (
    CHANGES,
    DELAYS,
    FEEDBACKS,
    MISSING,
    OPTIMIZERS,
    TARGETS,
    WIRINGS,
    CellPlan,
    Plan,
    ReadoutPlan,
)


def some_of(choices: tuple[str, ...], rarely: str) -> st.SearchStrategy[tuple[str, ...]]:
    """A few of the choices, one of them seldom; a network picks from these for each part."""
    often = tuple(choice for choice in choices if choice != rarely)
    some = st.lists(st.sampled_from(often), min_size=1, max_size=3, unique=True).map(tuple)
    return st.one_of(some, some, some, some.map(lambda chosen: (*chosen, rarely)))


def cell_plans(backwards: bool = False) -> st.SearchStrategy[CellPlan]:
    """LIF or adaptive cells of every kind."""
    return st.builds(CellPlan, backwards=st.booleans() if backwards else st.just(False),
                     size=st.integers(1, 7), adaptive=st.booleans(),
                     shape=st.sampled_from(sorted(PSEUDO_DERIVATIVES)),
                     refractory=st.integers(0, 5), rate_term=st.booleans(), varied=st.booleans())


def readout_plans() -> st.SearchStrategy[ReadoutPlan]:
    """Readouts with every loss and kind of target.

    A softmax of one readout is 1 whatever happens, so that all it gives is rounding: at least two.
    """
    sizes_and_losses = st.one_of(
        st.tuples(st.integers(1, 4), st.sampled_from(["mse", None])),
        st.tuples(st.integers(2, 4), st.just("cross_entropy")))
    return st.builds(lambda both, **options: ReadoutPlan(*both, **options), sizes_and_losses,
                     target=st.sampled_from(TARGETS), missing=st.sampled_from(MISSING),
                     bias_optimizer=st.sampled_from(sorted(OPTIMIZERS)),
                     tau_m=st.sampled_from([2.0, 15.0, 40.0]))


@st.composite
def plans(draw: st.DrawFn, stock: bool = True, changes: bool = True, rules: bool = True,
          boundaries: tuple[Boundary, ...] = tuple(Boundary), short: bool = False,
          backwards: bool = False) -> Plan:
    """Networks over the whole space of descriptions, at small sizes.

    short, backwards: also intervals of lengths of their own, populations that run backwards; both
    need intervals that stand on their own.
    """
    short = short and draw(st.booleans())
    backwards = backwards and draw(st.booleans())
    if short or backwards:
        stock, boundaries = False, (Boundary.RESET,)
    interval = draw(st.sampled_from([12, 20, 7, 3, 1]))
    trials = draw(st.sampled_from([1, 1, 2, 3]))
    total = interval * trials * draw(st.integers(2, 4))
    parts = [interval * trials, interval, 2 * interval, total]
    if not backwards:
        total += draw(st.sampled_from([0, 0, 1, 5]))
        parts = [*parts[:3], total, interval // 2 + 1, 1]
    stretches = []
    while total > 0:
        steps = min(draw(st.sampled_from(parts)), total)
        stretches.append((steps, draw(st.sampled_from([True, True, True, True, False]))))
        total -= steps
    return Plan(
        seed=draw(st.integers(0, 2 ** 32 - 1)),
        timestep=draw(st.sampled_from([1.0, 1.0, 0.5, 0.1])),
        interval_steps=interval, trials=trials, boundary=draw(st.sampled_from(boundaries)),
        sources=tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=2))),
        analog=tuple(draw(st.sampled_from([(), (), (3,), (2, 4)]))),
        analog_frame=draw(st.sampled_from([1, 2, 5, 40])),
        short=short,
        cells=tuple(draw(st.lists(cell_plans(backwards), min_size=1, max_size=2 + backwards))),
        stock=tuple(draw(st.lists(st.booleans(), max_size=1))) if stock else (),
        readouts=tuple(draw(st.lists(readout_plans(), min_size=1, max_size=2))),
        wirings=draw(some_of(WIRINGS, "empty")), delays=draw(some_of(DELAYS, "long")),
        optimizers=draw(some_of(tuple(OPTIMIZERS), "static")), bounds=draw(st.booleans()),
        rules=tuple(draw(st.lists(st.sampled_from(sorted(RULES)), min_size=1, max_size=3,
                                  unique=True))) if rules else ("e-prop",),
        feedbacks=draw(some_of(FEEDBACKS, "none")), currents=draw(st.booleans()),
        stretches=tuple(stretches),
        changes=tuple(draw(st.lists(st.sampled_from(CHANGES), max_size=3, unique=True)))
        if changes else ())
