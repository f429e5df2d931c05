"""E-prop 3 in a network of adaptive cells: a cue is recalled some intervals later.

In a trial of 160 ms one of two groups of inputs, the cues, spikes in the first 20 ms. After a delay
with nothing but background spikes a third group asks, in the last 20 ms, which of the two it was.
The weights are updated after every interval of 20 ms. Synapses from the cues start at 0, and
truncated BPTT has no gradient for them, because the error comes when the cue is over: it stays at
chance. Eligibility traces give them a gradient, and synthetic gradients may. In three seeds nearly
all trials were correct after 20 to 60 batches with traces, with or without synthetic gradients
(e-prop 3 has both); with synthetic gradients alone after 130 batches in one of the three.
Needs JAX: pip install 'pynn_eprop[jax]'.

    python examples/lsnn_intervals.py [--batches N] [--figure FILE]        # less than a minute
"""

import argparse

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np

from pynn_eprop import Adam, CrossEntropy, PiecewiseLinear
from pynn_eprop.functional import Model, optimizer_start, update
from pynn_eprop.intervals import INTERVAL_RULES
from pynn_eprop.intervals.functional import (
    first_module,
    first_traces,
    interval_gradients,
    module_loss,
    pieces_of,
    synthetic_boundary,
)
from pynn_eprop.models.cells import ALIFCells, Readouts, Sources
from pynn_eprop.models.network import Boundary, Network, Projection, Settings

STEPS, INTERVAL, GROUP, BATCH = 160, 20, 10, 32     # a step is 1 ms
INPUTS = 4 * GROUP      # two cues, the question, and background
RULES = ("truncated-bptt", "truncated-bptt-sg", "traces", "eprop3")


def build(n_cells, seed):
    """A model of inputs, recurrent cells and readouts."""
    rng = np.random.default_rng(seed)
    every, none = np.ones(n_cells), np.zeros(n_cells)
    populations = (
        Sources("inputs", INPUTS),
        ALIFCells(label="cells", size=n_cells, tau_m=20.0 * every, v_thresh=0.6 * every,
                  beta=0.1 * every, tau_a=200.0 * every, refractory_steps=np.full(n_cells, 2),
                  f_target=none, c_reg=none, v_initial=none, a_initial=none,
                  pseudo_derivative=PiecewiseLinear()),
        Readouts(label="readouts", size=2, tau_m=20.0, bias=np.zeros(2), y_initial=np.zeros(2),
                 loss=CrossEntropy(), target=np.full((2, STEPS), 0.5)))

    def projection(pre, post, scale):
        size = populations[pre].size, populations[post].size
        weight = rng.normal(0.0, scale / np.sqrt(size[0]), size)
        if pre == 0:
            weight[:2 * GROUP] = 0.0        # the cues
        i, j = np.indices(size).reshape(2, -1)
        kept = (pre != post) | (i != j)
        return Projection(f"{pre} to {post}", pre, post, i[kept], j[kept], weight.ravel()[kept],
                          np.ones(kept.sum(), int), optimizer=Adam(lr=0.002))

    return Model.of(Network(Settings(1.0, STEPS, boundary=Boundary.CONTINUOUS), populations, (
        projection(0, 1, 1.5), projection(1, 1, 0.7), projection(1, 2, 1.0))))


def draw(rng):
    """Input spikes (trials, steps, inputs), and which cue each trial has."""
    cue = rng.integers(0, 2, BATCH)
    rates = np.zeros((BATCH, STEPS, 4))     # in Hz
    rates[np.arange(BATCH), :INTERVAL, cue] = 200.0
    rates[:, -INTERVAL:, 2], rates[:, :, 3] = 200.0, 100.0
    spikes = rng.random((BATCH, STEPS, INPUTS)) < np.repeat(rates, GROUP, axis=2) / 1000.0
    return spikes.astype(np.float32), cue


def intervals(model, spikes, cue):
    """Inputs of all intervals, with first axes for intervals and trials."""
    def of_trial(spikes, cue):
        targets = jnp.full((STEPS, 2), jnp.nan).at[-INTERVAL:].set(jax.nn.one_hot(cue, 2))
        early = jnp.zeros((model.depth(0) - 1, INPUTS))
        rows = jnp.concatenate([early, spikes, jnp.zeros((1, INPUTS))])
        inputs = {"step": jnp.arange(1, STEPS + 1), "sources": {0: rows}, "targets": {2: targets}}
        return jax.tree.map(lambda *pieces: jnp.stack(pieces), *pieces_of(model, inputs, INTERVAL))

    return jax.tree.map(lambda rows: jnp.swapaxes(rows, 0, 1), jax.vmap(of_trial)(spikes, cue))


def train(name, n_batches, n_cells, seed):
    """Fraction of correct answers in each batch, while it learns, (batches,)."""
    model, rule = build(n_cells, seed), INTERVAL_RULES[name]
    parameters = model.parameters()
    learned = parameters, optimizer_start(model, parameters), first_module(model, 64, seed)

    def mean(trees):
        return jax.tree.map(lambda rows: rows.mean(axis=0), trees)

    def interval(state, given):
        (parameters, moments, module), now, carry, before = state
        pieces, number = given
        last = number == STEPS // INTERVAL - 1

        def boundary(passing):
            return jax.tree.map(lambda values: jnp.where(last, 0.0, values),
                                synthetic_boundary(module, factor=0.1)(passing))

        found = jax.vmap(lambda now, carry, piece: interval_gradients(
            model, rule, parameters, now, carry, piece,
            **({"boundary": boundary} if rule.synthetic else {})))(now, carry, pieces)
        parameters, moments = update(model, parameters, mean(found.gradients), moments)
        if rule.synthetic:      # the module learns what it had to predict at the last end
            slope = jax.grad(lambda module: jax.vmap(lambda end, wanted: module_loss(
                model, module, end, wanted))(before, found.by_start).mean())(module)
            module = jax.tree.map(lambda weight, each: weight - 0.01 * (number > 0) * each,
                                  module, slope)
        answer = found.activity["y"][2].sum(axis=1).argmax(axis=1)
        return ((parameters, moments, module), found.end, found.carry, found.end), answer

    @jax.jit
    def batch(learned, spikes, cue):
        start, carry = jax.tree.map(lambda values: jnp.broadcast_to(values, (
            BATCH, *values.shape)), (model.start(), first_traces(model, rule, learned[0])))
        (learned, *_), answers = jax.lax.scan(
            interval, (learned, start, carry, start),
            (intervals(model, spikes, cue), jnp.arange(STEPS // INTERVAL)))
        return learned, (answers[-1] == cue).mean()

    rng, correct = np.random.default_rng(seed), []
    for _ in range(n_batches):
        learned, part = batch(learned, *draw(rng))
        correct.append(float(part))
    return np.array(correct)


def main(n_batches=150, n_cells=40, seed=2, rules=RULES, figure=None):
    """Fraction of correct answers by rule, (batches,) each."""
    found = {name: train(name, n_batches, n_cells, seed) for name in rules}
    for name, correct in found.items():
        last = correct[-20:]
        print(f"{name}: {last.mean():.0%} correct in the last {len(last)} batches")
    if figure is not None:
        matplotlib.use("Agg")
        from matplotlib import pyplot

        width = min(10, n_batches)
        drawing, axes = pyplot.subplots(layout="constrained")
        for name, correct in found.items():
            axes.plot(np.arange(width, n_batches + 1),
                      np.convolve(correct, np.ones(width) / width, "valid"), label=name)
        axes.axhline(0.5, color="grey", linewidth=0.5)
        axes.set(xlabel="batch", ylabel=f"fraction correct, mean of {width} batches",
                 ylim=(0.0, 1.05))
        axes.legend()
        drawing.savefig(figure)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=150)
    parser.add_argument("--figure", default="lsnn_intervals.png")
    options = parser.parse_args()
    main(options.batches, figure=options.figure)
