"""How far the gradient of each rule of task 1.1 is from that of backpropagation through time.

``python -m evidence.rule_gradients`` trains task 1.1 with e-prop 1, stops after some updates, and
computes the gradient of the same trial with every rule and kind of feedback, without the
firing-rate term. It writes the cosines to the gradient of the loss, of the recurrent weights.
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import evidence.literal_traces  # noqa: F401 (registers the rule)
from evidence.tables import mean_and_interval
from pynn_eprop import ClopathRule
from pynn_eprop.backends import load_backend
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.folder import write_text
from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.models.rules.postsynaptic_factor import Memory
from pynn_eprop.tasks.network_plan import NetworkPlan

SEEDS, UPDATES = (1, 2, 3, 4, 5), (0, 20, 100, 500)
CLOPATH = {"as printed": "clopath", "exchanged": "clopath:v_plus=0.25,v_minus=0.0",
           "at -v_th": "clopath:v_plus=-1.0,v_minus=-1.0"}
BPTT = {"backend": "jax", "gradient": "bptt"}
VARIANTS = {
    "symmetric feedback": {"feedback": "symmetric"},
    "random feedback": {},
    "new random feedback every 20 ms": {"feedback": "window-20ms"},
    "new random feedback every 1 ms": {"feedback": "window-1ms"},
    "global feedback": {"feedback": "global"},
    **{f"symmetric feedback, Clopath's rule, thresholds {label}": {
        "feedback": "symmetric", "rule": rule} for label, rule in CLOPATH.items()},
    "symmetric feedback, simplified traces": {
        "feedback": "symmetric", "rule": "simplified-traces"},
    "symmetric feedback, simplified as printed": {
        "feedback": "symmetric", "backend": "jax", "rule": "literal-traces"},
}


def configured(seed: int, neurons: int | None, **options: str) -> Configuration:
    """Task 1.1 in float64, without the firing-rate term unless it trains."""
    return Configuration("pattern-generation", seed=seed, neurons=neurons, precision="float64",
                         **options)  # type: ignore[arg-type]


def with_weights(plan: NetworkPlan, weights: dict[str, np.ndarray]) -> NetworkPlan:
    """The plan with these weights."""
    return dataclasses.replace(plan, synapses=tuple(
        dataclasses.replace(each, weight=weights[each.label]) for each in plan.synapses))


def run(configuration: Configuration, plan: NetworkPlan, first: int, updates: int, what: str
        ) -> dict[str, np.ndarray]:
    """Weights or last gradients, (pre, post), after updates number ``first`` + 1, ... ."""
    task, backend = configuration.build_task(), configuration.build_backend()
    setup = backend.setup_keywords(configuration.machine, str(configuration.precision), 1, None,
                                   configuration.gradient)
    network = TaskNetwork(load_backend(configuration.backend), plan, configuration.seed, setup)
    if updates:
        network.run(task.trials_of_updates(configuration.seed, first, updates))
    return {label: np.nan_to_num(np.asarray(each.get(what, format="array"), dtype=float))
            for label, each in network.projections.items()}


def gradient(weights: dict[str, np.ndarray], first: int, configuration: Configuration
             ) -> np.ndarray:
    """The gradient of the recurrent weights in one trial, flat."""
    plain = dataclasses.replace(configuration, parameters=(("c_reg", 0.0),))
    plan = with_weights(plain.build_plan(), weights)
    recurrent, = (each.label for each in plan.synapses if each.pre == each.post)
    return run(plain, plan, first, 1, "gradient")[recurrent].ravel()


def cosines(seed: int, updates: int, neurons: int | None) -> dict[str, float]:
    """The cosine of each variant's gradient to that of BPTT, after some updates of e-prop 1."""
    training = configured(seed, neurons)
    weights = run(training, training.build_plan(), 0, updates, "weight")
    exact = gradient(weights, updates, configured(seed, neurons, **BPTT))
    found = {}
    for label, options in VARIANTS.items():
        approximate = gradient(weights, updates, configured(seed, neurons, **options))
        found[label] = float(exact @ approximate
                             / (np.linalg.norm(exact) * np.linalg.norm(approximate)))
    return found


@dataclass(frozen=True)
class Factor:
    """Clopath's factor P of all cells and steps of a trial, beside the pseudo-derivative h.

    correlation: of both. beyond: share of the sum of P at v > 2 v_th, where h is 0. missed: share
    of the sum of h where P is 0.
    """

    correlation: float
    beyond: float
    missed: float


def factors(seed: int, updates: int, neurons: int | None) -> dict[str, Factor]:
    """Clopath's factors in a trial after some updates of e-prop 1, by rule."""
    configuration = configured(seed, neurons)
    task, plan = configuration.build_task(), configuration.build_plan()
    backend = configuration.build_backend()
    network = TaskNetwork(load_backend(configuration.backend), plan, seed, backend.setup_keywords(
        configuration.machine, str(configuration.precision), 1, None, configuration.gradient))
    if updates:
        network.run(task.trials_of_updates(seed, 0, updates))
    (cells,) = network.cells.values()
    cells.record(["v", "h", "spikes"])
    network.run(task.trials_of_updates(seed, updates, 1))
    segment, steps = cells.get_data().segments[-1], plan.interval_steps
    v, h = (np.asarray(segment.filter(name=name)[0].magnitude)[-steps:] for name in ("v", "h"))
    first = updates * steps
    z = np.zeros_like(v)
    for cell, train in enumerate(segment.spiketrains):
        z[np.round(train.magnitude).astype(int) - first - 1, cell] = 1.0
    constants = {"timestep": plan.timestep, "v_th": plan.cells[0].parameters["v_thresh"],
                 "refractory_steps": round(plan.cells[0].parameters["tau_refrac"] / plan.timestep)}
    found = {}
    for label, name in CLOPATH.items():
        rule = rule_named(name)
        assert isinstance(rule, ClopathRule)
        memory: Memory = {part: np.zeros(v.shape[1]) for part in rule.memory}
        P = np.zeros_like(v)
        for step in range(steps):
            P[step], memory = rule.factor(memory, SimpleNamespace(v=v[step], z=z[step],
                                                                  **constants))
        found[label] = Factor(float(np.corrcoef(P.ravel(), h.ravel())[0, 1]),
                              float(P[v > 2 * constants["v_th"]].sum() / P.sum()),
                              float(h[P == 0].sum() / h.sum()))
    return found


def factor_table(found: dict[tuple[int, int], dict[str, Factor]], updates: Sequence[int]
                 ) -> list[str]:
    """The lines on Clopath's factor."""
    lines = ["## Clopath's factor beside the pseudo-derivative", "",
             "Of all cells and steps of those trials: the correlation of both; the share of the",
             "factor's sum at v > 2 v_th, where h is 0; the share of the sum of h where the factor",
             "is 0.", "",
             "| thresholds | what | " + " | ".join(f"after {count}" for count in updates)
             + " |",
             "|---|---|" + "---|" * len(updates)]
    for label in CLOPATH:
        for field in dataclasses.fields(Factor):
            means = [np.mean([getattr(each[label], field.name) for (_, at), each in found.items()
                              if at == count]) for count in updates]
            lines.append(f"| {label} | {field.name} | "
                         + " | ".join(f"{mean:.2f}" for mean in means) + " |")
    return lines


def page(found: dict[tuple[int, int], dict[str, float]], updates: Sequence[int]) -> str:
    """The table as a page."""
    lines = ["# Gradients of the rules beside that of BPTT, task 1.1", "",
             "Written by `python -m evidence.rule_gradients`. The cosine between the gradient of",
             "the recurrent weights by each rule and by backpropagation through time, in one trial",
             "and without the firing-rate term, in networks that e-prop 1 with random feedback has",
             "trained for so many updates: mean and 95% interval over seeds "
             + ", ".join(map(str, sorted({seed for seed, _ in found}))) + ". Float64.", "",
             "| rule | " + " | ".join(f"after {count}" for count in updates) + " |",
             "|---|" + "---|" * len(updates)]
    for label in VARIANTS:
        cells = []
        for count in updates:
            mean, half = mean_and_interval([each[label] for (_, at), each in found.items()
                                            if at == count])
            cells.append(f"{mean:.3f} ± {half:.3f}")
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute the cosines and write the page."""
    parser = argparse.ArgumentParser(prog="python -m evidence.rule_gradients", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/rule_gradients.md"))
    parser.add_argument("--neurons", type=int, help="smaller networks, to try the command")
    options = parser.parse_args(arguments)
    found, seen = {}, {}
    for seed in SEEDS:
        for updates in UPDATES:
            found[seed, updates] = cosines(seed, updates, options.neurons)
            seen[seed, updates] = factors(seed, updates, options.neurons)
            print(f"seed {seed}, {updates} updates done", file=sys.stderr, flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    lines = [page(found, UPDATES), *factor_table(seen, UPDATES)]
    write_text(options.out, "\n".join(lines) + "\n")
    print(f"evidence is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
