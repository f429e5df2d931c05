"""Perplexity after each epoch and the prediction of a line, as the paper's figures 4d and 4h."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pynn_eprop.plotting.style import BLUE, GREY, GRID, INK, ORANGE, new_figure

if TYPE_CHECKING:
    from pynn_eprop.sequence_tasks.word_prediction.task import WordPrediction


def draw_words(task: "WordPrediction", results: Mapping[str, Any],
               line: Sequence[Mapping[str, Any]]) -> Figure:
    """Curves of perplexity, and the words of a line of the test set with their predictions."""
    figure = new_figure(9.0, 6.2)
    upper, lower = figure.subplots(2, 1, height_ratios=[1.0, 1.1])
    curve = results["curve"]
    epochs = [each["epoch"] for each in curve]
    for part, colour, words in (("training", GREY, "during training"),
                                ("validation", ORANGE, "validation set"),
                                ("test", BLUE, "test set")):
        upper.plot(epochs, [each[f"perplexity_{part}"] for each in curve], color=colour,
                   marker="o", markersize=2.5, label=words)
    if results["best_epoch"] is not None:
        upper.axvline(results["best_epoch"], color=GREY, linewidth=0.8, linestyle=":",
                      label="best epoch")
    upper.set(xlabel="epoch", ylabel="perplexity", xlim=(0.5, task.epochs + 0.5),
              title=f"{task.title}, {results['corpus']['name']}: {results['rule']}, seed "
                    f"{results['seed']}" + (", diverged" if results["diverged"] else ""))
    upper.grid(**GRID)
    upper.xaxis.set_major_locator(MaxNLocator(integer=True))
    if curve:
        upper.legend()
    _line(lower, line)
    return figure


def _line(axes: Axes, line: Sequence[Mapping[str, Any]]) -> None:
    """The word read, the next one with a bar of its probability, and the most probable ones."""
    places = range(len(line))
    axes.bar(places, [each["probability"] for each in line], width=0.5, color=BLUE)
    axes.set_xticks(places, [each["word"] for each in line], rotation=30, ha="right",
                    parse_math=False)
    for place, each in enumerate(line):
        axes.annotate(each["next"], (place, each["probability"]), (0, 2),
                      textcoords="offset points", ha="center", va="bottom", color=INK,
                      fontsize=8.0, fontweight="bold", parse_math=False)
        axes.annotate("\n".join(word for word, _ in each["most_probable"]),
                      (place, 1.0), xycoords=("data", "axes fraction"), ha="center", va="top",
                      color=GREY, fontsize=6.5, parse_math=False)
    most = max((each["probability"] for each in line), default=0.0)
    axes.set(ylabel="probability of\nthe next word (bold)", xlabel="word read",
             ylim=(0.0, 1.7 * max(most, 0.1)),
             title="Test set (grey: the most probable next words)")
    axes.grid(**GRID)
    axes.set_axisbelow(True)
