"""How far the gradient of each rule of task 1.1 is from that of backpropagation through time.

``python -m evidence.rule_gradients`` trains task 1.1 with e-prop 1, stops after some updates, and
computes the gradient of the same trial with every rule and kind of feedback, without the
firing-rate term. It writes the cosines to the gradient of the loss, of the recurrent weights.
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import evidence.literal_traces  # noqa: F401 (registers the rule)
from evidence.tables import mean_and_interval
from pynn_eprop.backends import load_backend
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.folder import write_text
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.tasks.network_plan import NetworkPlan

SEEDS, UPDATES = (1, 2, 3, 4, 5), (0, 20, 100, 500)
BPTT = {"backend": "jax", "gradient": "bptt"}
VARIANTS = {
    "symmetric feedback": {"feedback": "symmetric"},
    "random feedback": {},
    "new random feedback every 20 ms": {"feedback": "window-20ms"},
    "new random feedback every 1 ms": {"feedback": "window-1ms"},
    "global feedback": {"feedback": "global"},
    "symmetric feedback, Clopath's rule": {"feedback": "symmetric", "rule": "clopath"},
    "symmetric feedback, Clopath's rule, thresholds exchanged": {
        "feedback": "symmetric", "rule": "clopath:v_plus=0.25,v_minus=0.0"},
    "symmetric feedback, Clopath's rule, thresholds at -v_th": {
        "feedback": "symmetric", "rule": "clopath:v_plus=-1.0,v_minus=-1.0"},
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
    found = {}
    for seed in SEEDS:
        for updates in UPDATES:
            found[seed, updates] = cosines(seed, updates, options.neurons)
            print(f"seed {seed}, {updates} updates done", file=sys.stderr, flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_text(options.out, page(found, UPDATES))
    print(f"evidence is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
