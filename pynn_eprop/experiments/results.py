"""The contents of results.json."""

import math
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np

import pynn_eprop
from pynn_eprop.backends import BPTT
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.epochs import stopped_early
from pynn_eprop.experiments.history import History
from pynn_eprop.tasks.epoch_task import VALIDATION, EpochTask, accuracies, wrong_fraction
from pynn_eprop.tasks.quantities import parameter_table
from pynn_eprop.tasks.task import Task


def collect_results(configuration: Configuration, history: History,
                    answers: Mapping[str, np.ndarray] | None = None) -> dict[str, Any]:
    """The result of a run in types that JSON knows; null for a key that does not apply.

    answers: of the test sets of a task that is trained in epochs, by their names.
    """
    task = configuration.build_task()
    answers = answers or {}
    return {
        "task": configuration.task,
        "backend": configuration.backend,
        "machine": configuration.machine,
        "precision": configuration.precision,
        "gradient": configuration.gradient,
        "seed": configuration.seed,
        "updates": history.updates,
        "error_name": task.error_name,
        "error_curve": history.error,
        "error_last50": history.error_last,
        "loss_curve": history.loss,
        "training_error_curve": history.training_error or None,
        "solved_after": history.solved_after,
        "confirmations": [
            {"update": update, "wrong": wrong, "answers": answers}
            for update, wrong, answers in history.confirmations] or None,
        "warnings": history.warnings,
        "seconds_training": history.seconds,
        "neurons": task.n_neurons,
        "feedback": configuration.feedback,
        "rule": configuration.rule,
        "recurrent": configuration.recurrent,
        "threads": configuration.threads,
        "configuration": configuration.as_dict(),
        "parameters": {row.name: row.value for row in parameter_table(task)},
        "versions": versions(),
        "command": configuration.command(),
        **_epochs(configuration, task, history, answers),
        **task.further_results(answers),
    }


def _epochs(configuration: Configuration, task: Task, history: History,
            answers: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Entries of a task that is trained in epochs."""
    if not isinstance(task, EpochTask):
        return {}
    best = history.best_epoch
    return {
        **({} if best is None else {f"accuracy_{VALIDATION}": 1.0 - best.error}),
        **{f"accuracy_{name}": 1.0 - wrong_fraction(counts) for name, counts in answers.items()},
        "best_update": None if best is None else best.update,
        "stopped_early": history.updates < configuration.n_updates
        and stopped_early(task, history),
        "epoch_updates": task.epoch_updates,
        "epochs": [{"update": each.update, "validation_error": each.error,
                    "validation_loss": each.loss} for each in history.epochs],
        "classes": list(task.classes),
        "confusion": {name: counts.tolist() for name, counts in answers.items()},
    }


def versions() -> dict[str, str]:
    """Versions of the packages that decide a result."""
    return {
        "pynn_eprop": pynn_eprop.__version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("PyNN", "neo", "numpy")},
    }


def without_nan(value: Any) -> Any:
    """A value with null for numbers that are not finite, which JSON cannot write."""
    if isinstance(value, dict):
        return {key: without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [without_nan(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def arithmetic(results: Mapping[str, Any]) -> str:
    """The arithmetic of a result: the machine if it was the reference, otherwise the precision."""
    return "reference" if results.get("machine") == "reference" else str(results["precision"])


def through_time(results: Mapping[str, Any]) -> bool:
    """Whether a result was learned with backpropagation through time."""
    return bool(results.get("gradient") == BPTT)


def result_line(results: dict[str, Any]) -> str:
    """The result in one line, as the command prints it."""
    parts = [f"{results['task']} seed {results['seed']} {results['backend']} "
             f"{arithmetic(results)}{' bptt' if through_time(results) else ''}: "
             f"{results['updates']} updates"]
    n_last = min(len(results["error_curve"]), 50)
    last = math.nan if results["error_last50"] is None else results["error_last50"]
    parts.append(f"{results['error_name']} {last:.4f} "
                 f"(mean of last {n_last})")
    if results["training_error_curve"] is not None:
        parts.append(f"solved after {results['solved_after']}" if results["solved_after"]
                     else "not solved")
    if results.get("epochs"):
        parts.append(f"accuracy {accuracies(results)}")
    parts.append(f"{results['seconds_training']:.1f} s of training")
    return ", ".join(parts)
