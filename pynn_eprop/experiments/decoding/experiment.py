"""Train networks, run test simulations after some of the updates, decode, and write the folder.

decoding.json      the result; written last, so that its presence means "finished"
decoding.png, .svg the figure
seedN/             the training with that seed, a results folder as `pynn-eprop run` writes
parts/             the result for each seed and update, for --resume
"""

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.backends import EPROP, has, load_backend
from pynn_eprop.common.script.capabilities import Capability
from pynn_eprop.errors import ResultsError, TaskError, UnsupportedError
from pynn_eprop.experiments.command_line import command_line
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.decoding.classifier import (
    FOLDS,
    INVERSE_STRENGTHS,
    accuracies,
    check_installed,
)
from pynn_eprop.experiments.decoding.features import simulated
from pynn_eprop.experiments.experiment import Experiment
from pynn_eprop.experiments.folder import (
    CHECKPOINT_SECONDS,
    ResultsFolder,
    check_identity,
    claim_folder,
    clear_folder,
    read_json,
    write_atomically,
    write_text,
)
from pynn_eprop.experiments.history import History
from pynn_eprop.experiments.interrupts import DeferredInterrupts, ExperimentInterrupted
from pynn_eprop.experiments.results import versions
from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.models.rules import Rule
from pynn_eprop.plotting import save_figure, styled
from pynn_eprop.tasks.decoding import ALL, Decoding
from pynn_eprop.tasks.network_plan import READOUT_ONLY, NetworkPlan
from pynn_eprop.tasks.quantities import require_whole

PRODUCTS = ("decoding.json", "decoding.png", "decoding.svg")
SHUFFLED = "shuffled labels"
"""All synapses, with the labels of the trials to fit to in another order: at chance."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, and how much of how much of it is done."""


def ignore_progress(what: str, done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class DecodingPlan:
    """All that decides the result.

    configuration: of the training with the first seed, to the last of ``updates``. updates: after
    which traces are decoded, sorted. seeds: of the trainings. decoding: the task's, with its
    parameters.
    """

    configuration: Configuration
    decoding: Decoding
    updates: tuple[int, ...]
    seeds: tuple[int, ...]

    @classmethod
    def of(cls, task: str, updates: Sequence[int] | None, seed: int, n_seeds: int,
           parameters: Sequence[tuple[str, Any]], **options: Any) -> "DecodingPlan":
        """The plan of a task; parameters are those of the task or of its decoding.

        updates: None for those of the paper. options: further fields of the configuration. Raises
        :class:`TaskError` for what is unknown or does not fit, :class:`ParameterError` for a rule
        that is unknown, :class:`UnsupportedError` for a task from which nothing is decoded.
        """
        decoding = Configuration(task, **options).build_task().decoding()
        if decoding is None:
            raise UnsupportedError(f"task {task!r} has nothing to decode from eligibility traces: "
                                   "its class gives no decoding()")
        require_whole(n_seeds, "seeds", 1, "decode")
        chosen = tuple(sorted(set(decoding.updates if updates is None else updates)))
        for update in chosen:
            require_whole(update, "updates", 0, "decode")
        if not chosen:
            raise TaskError("decode: updates are missing; name those after which traces are "
                            "decoded, 0 for before the training")
        of_decoding = {name: value for name, value in parameters
                       if name in decoding.parameters()}
        configuration = Configuration(
            task, seed=seed, updates=max(*chosen, 1), keep_training=True,
            parameters=tuple((name, value) for name, value in parameters
                             if name not in of_decoding), **options)
        decoding = configuration.build_task().decoding()
        assert decoding is not None
        plan = cls(configuration, decoding.changed(of_decoding), chosen,
                   tuple(range(seed, seed + n_seeds)))
        plan.network(seed)      # raises what is wrong with its rule
        return plan

    def of_seed(self, seed: int) -> Configuration:
        """The configuration of the training with a seed."""
        return dataclasses.replace(self.configuration, seed=seed)

    def network(self, seed: int) -> NetworkPlan:
        """The network of the test simulations."""
        configuration = self.of_seed(seed)
        plan = self.decoding.test_task.network(seed, configuration.build_feedback(),
                                               configuration.recurrent)
        return dataclasses.replace(plan, rule=self.trace_rule)

    @property
    def trace_rule(self) -> Rule:
        """The rule of the traces that are decoded.

        Raises :class:`TaskError` for a training without one, and as :func:`rule_named`.
        """
        if self.configuration.rule == READOUT_ONLY:
            raise TaskError(f"decode: with rule {READOUT_ONLY!r} no synapse onto cells learns, so "
                            "that none has an eligibility trace; choose a rule")
        return rule_named(self.decoding.trace_rule or self.configuration.rule)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the decoding by name."""
        return {name: getattr(self.decoding, name) for name in self.decoding.parameters()}

    def identity(self, seed: int) -> dict[str, Any]:
        """All that a part of the result depends on, beside its update."""
        return {**self.of_seed(seed).identity(), "decoding": self.parameters}

    def command(self, out: str = "DIR") -> str:
        """The command line that makes this result again."""
        configuration = self.configuration
        given = configuration.options()
        first = {name: given.pop(name) for name in ("backend", "machine", "precision", "seed")}
        options = first | {"seeds": len(self.seeds)} | given | {
            "updates": ",".join(map(str, self.updates)), "keep-training": None}
        default = type(self.decoding)(self.decoding.task)
        changed = [(name, value) for name, value in self.parameters.items()
                   if value != getattr(default, name)]
        return command_line(["decode", configuration.task], options,
                            (*configuration.parameters, *changed), configuration.plugins, out,
                            configuration.setup, configuration.conditions)


class DecodingExperiment:
    """A plan in one folder.

    trainings: folder of the results folders of the trainings, if it is another.

    Raises the package's typed errors, before any work is done, if plan or folder do not allow it,
    and :class:`ExperimentInterrupted` after a signal, with all work saved.
    """

    def __init__(self, plan: DecodingPlan, out: Path,
                 checkpoint_seconds: float = CHECKPOINT_SECONDS,
                 trainings: Path | None = None) -> None:
        check_installed()
        self.plan = plan
        self.out = out
        self._state = out / "parts"
        self._trainings = out if trainings is None else trainings
        self._checkpoint_seconds = checkpoint_seconds
        self._sim = load_backend(plan.configuration.backend)
        for capability, what in ((Capability.ELIGIBILITY_TRACES, "record eligibility traces"),
                                 (Capability.PAUSED_LEARNING, "run with learning switched off")):
            if not has(self._sim, capability):
                raise UnsupportedError(
                    f"backend {plan.configuration.backend!r} cannot {what}, which decode needs; "
                    "the default, 'host', can")

    def run(self, resume: bool = False, force: bool = False,
            progress: Progress = ignore_progress) -> dict[str, Any]:
        """Train, simulate, decode and write the folder; return the contents of decoding.json."""
        if not (resume or force):
            self._refuse_to_overwrite()
        with claim_folder(self.out, self._state, PRODUCTS):
            if force and not resume:
                clear_folder(self.out, PRODUCTS, self._state)
            for seed in self.plan.seeds:    # all of them, before any work
                for update in self.plan.updates:
                    self._part(seed, update)
            return self._run(force, progress)

    def _run(self, force: bool, progress: Progress) -> dict[str, Any]:
        plan = self.plan
        parts = {}
        with DeferredInterrupts() as interrupts, plan.configuration.context():
            def report(what: str, done: int, total: int) -> None:
                progress(what, done, total)
                if interrupts.received is not None:
                    raise self._interrupted(interrupts.received)

            for seed in plan.seeds:
                if any(self._part(seed, update) is None for update in plan.updates):
                    self._train(seed, force, report)
                for update in plan.updates:
                    parts[seed, update] = self._part(seed, update) \
                        or self._decode(seed, update, report)
        results = self._results(parts)
        with styled():
            figure = plan.decoding.draw_figure(results)
        for suffix in (".png", ".svg"):
            write_atomically(self.out / f"decoding{suffix}",
                             lambda path: save_figure(figure, path))
        write_text(self.out / "decoding.json",
                   json.dumps(results, indent=1, allow_nan=False) + "\n")
        return results

    # --- the folder ---

    def _refuse_to_overwrite(self) -> None:
        if (self.out / "decoding.json").exists() or self._state.exists():
            raise ResultsError(f"{self.out} holds a decoding; use --resume to keep what is done "
                               "and go on, --force to replace it, or another --out")

    def _path(self, seed: int, update: int) -> Path:
        return self._state / f"seed{seed}-update{update:06d}.json"

    def _part(self, seed: int, update: int) -> dict[str, Any] | None:
        """The result for a seed and an update, if it is there.

        Raises :class:`ResultsError` for one of another plan.
        """
        path = self._path(seed, update)
        if not path.exists():
            return None
        part = read_json(path, "identity")
        check_identity(part["identity"], self.plan.identity(seed), self.out)
        return part

    # --- the work ---

    def _train(self, seed: int, force: bool, report: Progress) -> None:
        """Train, or go on with a training, in a folder of its own."""
        def show(history: History, finished: bool) -> None:
            report(f"training, seed {seed}", history.updates, configuration.n_updates)

        configuration, folder = self.plan.of_seed(seed), self._trainings / f"seed{seed}"
        experiment = Experiment(configuration, folder, self._checkpoint_seconds,
                                self.plan.updates)
        fresh = force and not any(self._path(seed, update).exists()
                                  for update in self.plan.updates)
        try:
            experiment.run(resume=not fresh, force=fresh, progress=show)
        except ExperimentInterrupted as interrupt:
            raise self._interrupted(interrupt.signal_number) from interrupt

    def _interrupted(self, number: int) -> ExperimentInterrupted:
        return ExperimentInterrupted(
            f"interrupted by signal {number}; what is done is in {self.out}. To go on:\n  "
            f"{self.plan.command(str(self.out))} --resume", number)

    def _decode(self, seed: int, update: int, report: Progress) -> dict[str, Any]:
        """Simulate and decode after an update; the result is written, too."""
        plan, decoding = self.plan, self.plan.decoding
        configuration = plan.of_seed(seed)
        n_trials = decoding.fit_trials + decoding.test_trials
        training = ResultsFolder(self._trainings / f"seed{seed}")
        weights = training.snapshot_path(update)
        if not weights.exists():
            raise ResultsError(f"{weights} is missing: the training in {training.path} did not "
                               f"keep the weights after {update} updates; use --force to train "
                               "again")
        setup = configuration.setup_keywords(training.path, EPROP)
        trials, labels = decoding.draw(seed, update, n_trials)
        network = plan.network(seed)

        def here(what: str, done: int, total: int) -> None:
            report(f"{what}, seed {seed}, update {update}", done, total)

        here("simulations", 0, n_trials)
        features = simulated(self._sim, network, decoding, seed, setup, weights, trials,
                             lambda done: here("simulations", done, n_trials))
        part = {"identity": plan.identity(seed), "seed": seed, "update": update,
                **self._fit(features, labels, network, seed, here)}
        write_text(self._path(seed, update), json.dumps(part, allow_nan=False) + "\n")
        return part

    def _fit(self, features: dict[str, np.ndarray], labels: np.ndarray, network: NetworkPlan,
             seed: int, report: Progress) -> dict[str, Any]:
        decoding = self.plan.decoding
        accuracy, chosen, synapses = {}, {}, {}
        shuffled = labels.copy()
        np.random.default_rng([seed, 1]).shuffle(shuffled[:decoding.fit_trials])
        groups = decoding.groups(network)
        aims = [*((name, members, labels) for name, members in groups.items()),
                (SHUFFLED, groups[ALL], shuffled)]
        for number, (name, members, aim) in enumerate(aims):
            report("classifiers", number, len(aims))
            found = np.concatenate([features[label] for label in members], axis=2)
            right, C = accuracies(found, aim, decoding.fit_trials, seed)
            accuracy[name], chosen[name] = right.tolist(), C
            synapses[name] = found.shape[2]
        report("classifiers", len(aims), len(aims))
        return {"accuracy": accuracy, "C": chosen, "synapses": synapses}

    # --- the result ---

    def _results(self, parts: dict[tuple[int, int], dict[str, Any]]) -> dict[str, Any]:
        """The contents of decoding.json."""
        plan, configuration = self.plan, self.plan.configuration
        names = list(next(iter(parts.values()))["accuracy"])

        def means(name: str) -> dict[str, list[float]]:
            return {str(update): np.mean([parts[seed, update]["accuracy"][name]
                                          for seed in plan.seeds], axis=0).tolist()
                    for update in plan.updates}

        def by_seed(key: str) -> dict[str, Any]:
            return {str(seed): {str(update): parts[seed, update][key] for update in plan.updates}
                    for seed in plan.seeds}

        return {
            "task": configuration.task, "label": plan.decoding.label,
            "backend": configuration.backend, "machine": configuration.machine,
            "precision": configuration.precision, "rule": configuration.rule,
            "feedback": configuration.feedback, "gradient": configuration.gradient,
            "seeds": list(plan.seeds), "updates": list(plan.updates),
            "delay_ms": plan.decoding.delays.tolist(),
            "accuracy": means(ALL),
            "groups": {name: means(name) for name in names},
            "by_seed": by_seed("accuracy"),
            "synapses": next(iter(parts.values()))["synapses"],
            "C": by_seed("C"),
            "regularisation": {"C": list(INVERSE_STRENGTHS), "folds": FOLDS},
            "chance_level": plan.decoding.chance_level,
            "paper": plan.decoding.paper_result,
            "decoding": plan.parameters,
            "configuration": configuration.as_dict(),
            "versions": {**versions(), "scikit-learn": metadata.version("scikit-learn")},
            "command": plan.command(),
        }
