"""Figure of task 1.3: an utterance, learning curves, and which phones are taken for which."""

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.models.cells import VALUE
from pynn_eprop.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    GRID,
    INK,
    ORANGE,
    RED,
    bare_time_axis,
    draw_raster,
    new_figure,
    running_mean,
)
from pynn_eprop.tasks.speech.phone_classes import class_of, in_order
from pynn_eprop.tasks.speech.trials import SpeechTrials
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import READOUT

if TYPE_CHECKING:
    from pynn_eprop.tasks.speech.task import Speech

_MOST_CELLS = 60    # of a population, in the raster
_FRAME_MS = 10      # of sound


def draw_speech(task: "Speech", trials: SpeechTrials, record: TrialRecord,
                results: Mapping[str, Any]) -> Figure:
    """Features, spikes and answers of an utterance above; learning curves and confusions below."""
    figure = new_figure(11.0, 12.0)
    grid = figure.add_gridspec(5, 2, height_ratios=[0.8, 1.6, 2.2, 0.15, 3.6],
                               width_ratios=[1.0, 1.15])
    features, cells, answers = (figure.add_subplot(grid[row, :]) for row in range(3))
    features.set_title(f"An utterance of {results['corpus']}")
    _draw_features(features, trials)
    if task.cells == "lstm":
        _draw_values(cells, record, trials.utterances[0].n_frames, task.frame_steps)
    else:
        _draw_cells(cells, record, task.frame)
    _draw_answers(answers, trials, record.states[READOUT, "y"], task.classes)
    for axes in (features, cells, answers):
        axes.set_xlim(0, trials.utterances[0].n_frames)
    for axes in (features, cells):
        bare_time_axis(axes)
    answers.set_xlabel(f"frame ({_FRAME_MS} ms of sound, {task.frame_steps} time steps)")
    figure.align_ylabels([features, cells, answers])
    draw_epochs(figure.add_subplot(grid[4, 0]), results)
    draw_confusion(figure, figure.add_subplot(grid[4, 1]), results)
    return figure


def _draw_features(axes: Axes, trials: SpeechTrials) -> None:
    channels = trials.utterances[0].features.T
    axes.imshow(channels, aspect="auto", cmap="Greys", origin="lower", interpolation="nearest",
                extent=(0, channels.shape[1], 0, channels.shape[0]))
    axes.set_yticks([])
    axes.set_ylabel(f"{len(channels)} features")


def _draw_values(axes: Axes, record: TrialRecord, frames: int, frame_steps: int) -> None:
    """Values of units that do not spike, population above population."""
    labels = [label for label, name in record.states
              if name == VALUE and label not in record.inputs]
    rows = [record.states[label, VALUE][:frames * frame_steps, :_MOST_CELLS].T for label in labels]
    largest = max(float(np.nanmax(np.abs(each))) for each in rows) or 1.0
    axes.imshow(np.concatenate(rows), aspect="auto", cmap="RdBu_r", origin="lower",
                vmin=-largest, vmax=largest, interpolation="nearest",
                extent=(0, frames, -0.5, sum(map(len, rows)) - 0.5))
    ends = np.cumsum([len(each) for each in rows])
    axes.set_yticks([end - len(each) / 2 - 0.5 for end, each in zip(ends, rows, strict=True)],
                    [label.replace("_", "\n") for label in labels])
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("units")


def _draw_cells(axes: Axes, record: TrialRecord, frame: float) -> None:
    offset, names = 0, {}
    for label in (label for label in record.spikes if label not in record.inputs):
        times, cells = record.spikes[label]
        size = min(record.sizes[label], _MOST_CELLS)
        mine = cells < size
        draw_raster(axes, times[mine] / frame, cells[mine], size,
                    ORANGE if label.startswith("alif") else INK, offset)
        names[offset + size / 2 - 0.5] = label.replace("_", "\n")
        offset += size
    axes.set_yticks(list(names), list(names.values()))
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("cells")


def _draw_answers(axes: Axes, trials: SpeechTrials, y: np.ndarray, phones: tuple[str, ...]
                  ) -> None:
    """Probabilities of the phones that are said or answered somewhere, with what is right."""
    means = trials.frame_means(y)[0]
    labels = trials.utterances[0].labels.astype(int)
    shifted = np.exp(means - means.max(axis=1, keepdims=True))
    probability = shifted / shifted.sum(axis=1, keepdims=True)
    answer = means.argmax(axis=1)
    occurring = {*labels.tolist(), *answer.tolist()}
    rows = [index for index in in_order(phones) if index in occurring]
    place = {index: row for row, index in enumerate(rows)}
    axes.imshow(probability[:, rows].T, aspect="auto", cmap="Blues", vmin=0.0, vmax=1.0,
                extent=(0, len(labels), len(rows) - 0.5, -0.5), interpolation="nearest")
    starts = np.flatnonzero(np.diff(labels, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(labels)], strict=True):
        axes.hlines(place[int(labels[start])], start, end, color=RED, linewidth=1.5)
    axes.set_yticks(range(len(rows)), [phones[index] for index in rows], fontsize=6)
    axes.set_ylabel("probability of phones\n(red: what is said)")
    right = float(np.mean(answer == labels))
    axes.set_title(f"{right:.0%} of its frames are right", fontweight="normal")


def draw_epochs(axes: Axes, results: Mapping[str, Any]) -> None:
    """The error of each update, and that of the validation set after each epoch."""
    error = np.asarray(results["error_curve"], float)
    updates = np.arange(1, len(error) + 1)
    axes.plot(updates, error, color=GREY, linewidth=0.5, alpha=0.5)
    axes.plot(updates, running_mean(error, 20), color=GREY, linewidth=1.5,
              label="training, mean of the latest 20 updates")
    epochs = results["epochs"]
    axes.plot([each["update"] for each in epochs], [each["validation_error"] for each in epochs],
              color=BLUE, marker="o", markersize=4, label="validation")
    for name, colour in (("test", GREEN), ("held_out", ORANGE)):
        if f"accuracy_{name}" in results:
            axes.plot(results["best_update"], 1.0 - results[f"accuracy_{name}"], color=colour,
                      marker="D", markersize=5, linestyle="", label=name.replace("_", " "))
    axes.set_title("Learning")
    axes.set_xlabel("update")
    axes.set_ylabel(results["error_name"])
    axes.set_xlim(0, len(error) + 1)
    axes.set_ylim(0.0, 1.0)
    axes.grid(**GRID)
    axes.legend(loc="upper right")


def draw_confusion(figure: Figure, axes: Axes, results: Mapping[str, Any]) -> None:
    """Shares of answers to each phone in the first test set, phones of a class side by side."""
    if not results["confusion"]:
        axes.set_axis_off()
        return
    name, counts = next(iter(results["confusion"].items()))
    phones = tuple(results["classes"])
    order = in_order(phones)
    matrix = np.asarray(counts, float)[np.ix_(order, order)]
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1.0)
    image = axes.imshow(share, cmap="Blues", vmin=0.0, vmax=1.0, interpolation="nearest")
    classes = [class_of(phones[index]) for index in order]
    for border in np.flatnonzero([one != other for one, other
                                  in pairwise(classes)]):
        axes.axhline(border + 0.5, color=GREY, linewidth=0.5)
        axes.axvline(border + 0.5, color=GREY, linewidth=0.5)
    names = [phones[index] for index in order]
    axes.set_xticks(range(len(names)), names, fontsize=5, rotation=90)
    axes.set_yticks(range(len(names)), names, fontsize=5)
    axes.set_xlabel("answer")
    axes.set_ylabel("phone")
    axes.set_title(f"Answers in the set {name.replace('_', ' ')}: "
                   f"{results[f'accuracy_{name}']:.1%} right")
    figure.colorbar(image, ax=axes, shrink=0.7, label="share of the phone's frames")
