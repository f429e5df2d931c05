"""The page and the figures of tasks 3.1 and 3.2, from the results of their runs."""

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pynn_eprop.plotting.style import BLUE, GREY, GRID, SERIES_COLOURS, new_figure, styled
from pynn_eprop.sequence_tasks.word_prediction.corpus import NOVELS

if TYPE_CHECKING:
    from evidence.sequences import Found

Result = Mapping[str, Any]
Runs = Mapping[str, Sequence[Result]]
PAPER_LENGTHS = {"truncated BPTT": 15, "+ synthetic gradients": 19, "e-prop 1": 28,
                 "+ eligibility traces": 41, "e-prop 3": 74, "full BPTT": 39}
PAPER_PERPLEXITIES = {
    "truncated BPTT, dt = 4": 121, "truncated BPTT, dt = 20": 113, "+ synthetic gradients": 118,
    "+ eligibility traces": 116, "e-prop 1": 115, "e-prop 3": 113,
    "e-prop 3, truncated traces": 122.7}
ORDER = (("truncated BPTT", "+ synthetic gradients"), ("+ synthetic gradients", "e-prop 1"),
         ("e-prop 1", "full BPTT"), ("full BPTT", "+ eligibility traces"),
         ("+ eligibility traces", "e-prop 3"), ("e-prop 3, shuffled targets", "e-prop 3"))
"""Pairs of which the paper has the second ahead, and the control with shuffled targets."""
MILESTONES = 12, 15
GRID_POINTS = 300
WHAT_IT_SAYS: list[str] = [
    "Copy-repeat at the small size: truncated BPTT < + synthetic gradients < e-prop 1 < + "
    "eligibility traces with every seed, at equal batches and at equal time, as in the paper. "
    "E-prop 3 is level with + eligibility traces in the longest sequence, and comes to 12 and 15 "
    "steps in less than half of the batches.",
    "Not as in the paper: full BPTT is ahead of both at equal time with four of five seeds (23 to "
    "45 steps beside 23), and level or ahead at equal batches.",
    "The control says that e-prop 3 does not owe its lead to what synthetic gradients know: with "
    "shuffled targets it does as well. What they explain of the mean square of their targets "
    "falls from 0.9 at 5 steps to 0.03 at 7, is 0.07 to 0.22 at 9, and less than 0.1 at 19 and 23 "
    "(`length_curve` in `runs.json`). That they can work is shown by a toy whose loss comes one "
    "interval later (`tests/intervals/compiled/test_learning.py`).",
    "Nothing that was tried at the small size brings e-prop 3 past full BPTT (33, 33 and 45 steps "
    "with seeds 1 to 3). The module's learning rate at 3e-4 gives 28, 28 and 23 steps; dt = 8 33, "
    "23 and 23; the extra pass of algorithm 1 23, 28 and 23; 512 hidden units, a module that sees "
    "c, `eta_sg` = 1 and a learning rate of 1e-3 23 with each seed. Full BPTT itself is worse with "
    "a learning rate of 1e-3.",
    "Copy-repeat at the larger size, one seed and an hour a rule, comes nearer to the paper: at "
    "equal batches truncated BPTT 9 and + synthetic gradients 9 < e-prop 1 23 < + eligibility "
    "traces 33 < e-prop 3 52 steps, and e-prop 3 is one level ahead of full BPTT, 45, as in the "
    "paper (74 and 39). Not as in the paper: at equal time full BPTT is ahead of all, with 67; in "
    "the hour it does 203,590 batches, e-prop 3 91,010. With shuffled targets e-prop 3 comes to "
    "45, one level less; beyond 5 steps the module explains next to nothing of its targets (0.07 "
    "at 9 steps, 0.03 at most from 12 on), and one seed does not tell this from chance.",
    "Word prediction on the novels, one seed, on the test set: truncated BPTT 161.9 (dt = 4) > "
    "+ synthetic gradients 160.1 > + eligibility traces 159.0 > e-prop 1 156.8 > truncated BPTT"
    " with dt = 20 154.6, which is the paper's order (121, 118, 116, 115, 113), and truncated "
    "traces are the worst, 162.3, as in the paper (122.7). Not as in the paper: e-prop 3 has "
    "159.8, level with + eligibility traces, where the paper has it level with dt = 20. Its "
    "error module explains none of its targets (-0.003 to 0.001 of their mean square). The best"
    " epoch is the third (dt = 20: the fifth): the text is small, and all overfit after it. A "
    "run takes 45 minutes beside another one, and no other seeds or settings were tried at this"
    " size.",
]
"""What the numbers say, for the page."""


def longest(result: Result, batches: float = np.inf, seconds: float = np.inf) -> int:
    """Steps of the longest sequence that a run had solved by then."""
    return max((each["length"] for each in result["length_curve"]
                if each["batches"] <= batches and each["seconds"] <= seconds), default=0)


def equal_batches(runs: Runs) -> int:
    """The fewest batches of a run that worked until its time was over."""
    counts = [result["batches"] for results in runs.values() for result in results
              if result["ended_by"] == "minutes"]
    return min(counts) if counts else max(
        result["batches"] for results in runs.values() for result in results)


def batches_to(result: Result, length: int) -> int | None:
    """Batches after which sequences of so many steps, or more, were solved first."""
    return min((each["batches"] for each in result["length_curve"] if each["length"] >= length),
               default=None)


def _median_and_range(values: Sequence[float], form: str = "{:g}") -> str:
    middle = form.format(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))} to {form.format(max(values))})"


def _copy_section(title: str, runs: Runs) -> list[str]:
    common, first = equal_batches(runs), next(iter(runs.values()))[0]
    parameters, seeds = first["parameters"], len(next(iter(runs.values())))
    time = max(result["seconds"] for results in runs.values() for result in results) / 60.0
    lines = [
        f"## {title}", "",
        f"{parameters['n_units']} units, {parameters['sg_hidden']} hidden units of the module of "
        f"synthetic gradients, batches of {parameters['batch']}, h = "
        f"{'o tanh(c)' if parameters['tanh_output'] else 'o c'}, {first['machine']} machine, "
        f"{first['precision']}, one thread, {time:.2g} minutes of work each, {seeds} "
        f"seed{'s' * (seeds > 1)}. Longest sequence solved, in steps: the median over seeds and "
        f"their range. Equal batches are {common:,}, those of the slowest run.", "",
        "| rule | lr | at equal batches | at equal time | paper | " + " | ".join(
            f"batches to T = {length}" for length in MILESTONES)
        + " | updates a second | diverged |",
        "|---|---|---|---|---|" + "---|" * (len(MILESTONES) + 2)]
    for label, results in runs.items():
        reached = []
        for length in MILESTONES:
            found = [count for result in results
                     if (count := batches_to(result, length)) is not None]
            text = _median_and_range(found, "{:,.0f}") if found else "-"
            reached.append(text if len(found) in (0, len(results))
                           else f"{text}, {len(found)} of {len(results)}")
        lines.append(
            f"| {label} | {results[0]['parameters']['lr']:g} | "
            f"{_median_and_range([longest(each, common) for each in results])} | "
            f"{_median_and_range([each['longest'] for each in results])} | "
            f"{PAPER_LENGTHS.get(label, '')} | {' | '.join(reached)} | "
            f"{statistics.median(each['updates_per_second'] for each in results):,.0f} | "
            f"{sum(each['diverged'] for each in results)} of {len(results)} |")
    return [*lines, "", *_orderings(runs, common)]


def _orderings(runs: Runs, common: int) -> list[str]:
    """How many seeds agree with each pair of the paper's order."""
    lines = ["Seed by seed, is the second ahead as in the paper (or, of shuffled targets, as it "
             "should be if synthetic gradients are of use)?", "",
             "| first | second | equal batches: ahead, level, behind | equal time |",
             "|---|---|---|---|"]
    for one, other in ORDER:
        if one not in runs or other not in runs:
            continue
        counts = []
        for batches in (common, np.inf):
            gains = [longest(second, batches) - longest(first, batches)
                     for first, second in zip(runs[one], runs[other], strict=True)]
            counts.append(", ".join(str(sum(agrees)) for agrees in (
                [gain > 0 for gain in gains], [gain == 0 for gain in gains],
                [gain < 0 for gain in gains])))
        lines.append(f"| {one} | {other} | {counts[0]} | {counts[1]} |")
    return [*lines, ""]


def _tried_section(found: "Found") -> list[str]:
    """The series that were tried beside e-prop 3 and full BPTT with the same seeds."""
    seeds = [result["seed"] for result in next(iter(found.tried.values()))]
    runs = {label: [each for each in found.copied.get(label, []) if each["seed"] in seeds]
            for label in ("e-prop 3", "full BPTT")} | found.tried
    lines = [
        "## What else was tried", "",
        "E-prop 3 with one thing changed, to bring it past full BPTT, at the same size and for the "
        f"same time, seeds {', '.join(map(str, seeds))}. `explained` is the part of the mean "
        "square of its targets that the module of synthetic gradients explained in the end.", "",
        "| series | longest, by seed | " + " | ".join(
            f"batches to T = {length}" for length in MILESTONES) + " | explained | diverged |",
        "|---|---|" + "---|" * (len(MILESTONES) + 2)]
    for label, results in runs.items():
        if not results:
            continue
        counts = [[batches_to(result, length) for result in results] for length in MILESTONES]
        known = [each["explained"] for each in results if np.isfinite(each["explained"] or np.nan)]
        lines.append(
            f"| {label} | {', '.join(str(each['longest']) for each in results)} | "
            + " | ".join(", ".join("-" if count is None else f"{count:,}" for count in each)
                         for each in counts)
            + f" | {', '.join(f'{each:.2f}' for each in known) or '-'} | "
            f"{sum(each['diverged'] for each in results)} of {len(results)} |")
    return [*lines, ""]


def _words_section(runs: Runs) -> list[str]:
    first = next(iter(runs.values()))[0]
    corpus, parameters = first["corpus"], first["parameters"]
    text = "six novels, so that the paper's perplexities, which are of the Penn Treebank, stand " \
        "there for their order alone" if corpus["name"] == NOVELS else "the Penn Treebank"
    lines = [
        "## Word prediction (task 3.2)", "",
        f"The text is {text}. {corpus['words']['training']:,} words for "
        f"training, {corpus['words']['validation']:,} and {corpus['words']['test']:,} for "
        f"validation and test; vocabulary {corpus['vocabulary']:,} "
        f"({corpus['unknown']['test']:.1%} of the test set unknown). {parameters['n_units']} "
        f"units, {parameters['sg_hidden']} hidden units of the module, h = "
        f"{'o tanh(c)' if parameters['tanh_output'] else 'o c'}, {first['epochs']} epochs, "
        f"{first['machine']} machine, {first['precision']}, one thread. Perplexities are those of "
        "the epoch that is best on the validation set.", "",
        "| rule | validation | test | paper (Penn Treebank) | best epoch | words a second | "
        "minutes | diverged |", "|---|---|---|---|---|---|---|---|"]
    for label, results in runs.items():
        whole = [each for each in results if each["best_epoch"] is not None]
        cells = ["-", "-", "-", "-"] if not whole else [
            *(_median_and_range([each[f"perplexity_{name}"] for each in whole], "{:.1f}")
              for name in ("validation", "test")),
            _median_and_range([each["best_epoch"] for each in whole]),
            _median_and_range([each["words_per_second"] for each in whole], "{:,.0f}")]
        minutes = statistics.median(each["seconds"] / 60.0 for each in results)
        lines.append(f"| {label} | {cells[0]} | {cells[1]} | {PAPER_PERPLEXITIES.get(label, '')} | "
                     f"{cells[2]} | {cells[3]} | {minutes:.0f} | "
                     f"{sum(each['diverged'] for each in results)} of {len(results)} |")
    faster = [label for label, results in runs.items()
              if any(each.get("threads", 1) > 1 for each in results)]
    if faster:
        lines += ["", "Done in part with more than one thread, which changes no result but words "
                  f"a second and minutes: {', '.join(faster)}."]
    return [*lines, "", "![A line of the test set, and perplexity after each epoch, e-prop 3]"
            "(example_sequence.png)", ""]


def page(found: "Found", with_words: bool = True) -> str:
    """The page. with_words: with :data:`WHAT_IT_SAYS`, which is of the sizes that are committed."""
    lines = [
        "# Sequences: copy-repeat and word prediction (tasks 3.1 and 3.2)", "",
        "Written by `python -m evidence.sequences`, which can be interrupted and repeated. Tasks, "
        "sizes and what departs from the paper: [docs/sequences.md](../../sequences.md). Two runs, "
        "of the larger size two or three, were side by side on two cores.", "",
        *(line for text in WHAT_IT_SAYS if with_words for line in (text, "")),
        "![Longest sequences and perplexities by rule](bars.png)", "",
        "![Learning curves](curves.png)", ""]
    if found.copied:
        lines += _copy_section("Copy-repeat (task 3.1)", found.copied)
        lines += ["![An example of the longest sequence of e-prop 3](example_trial.png)", ""]
    if found.tried:
        lines += _tried_section(found)
    if found.larger:
        lines += _copy_section("Copy-repeat, larger", found.larger)
        lines += ["![Learning curves of the larger size](curves_larger.png)", ""]
    if found.words:
        lines += _words_section(found.words)
    some = [results[0] for runs in (found.copied, found.tried, found.larger, found.words)
            for results in runs.values()]
    return "\n".join([
        *lines, "## Commands", "", *[f"    {result['command']}" for result in some], "",
        "Versions: " + ", ".join(f"{name} {number}" for name, number
                                 in some[0]["versions"].items()) + ".", "",
        "Files: " + "`copy_repeat.csv` (every run), `copy_repeat_levels.csv` (every level that was "
        "solved), " * bool(found.copied) + "`words.csv` (every epoch), " * bool(found.words)
        + "`runs.json` (results, without curves of errors).", ""])


# --- figures ---


def draw_bars(found: "Found") -> Figure:
    """Longest sequence and perplexity of each rule, as the paper's figures 4e and 4f."""
    with styled():
        figure = new_figure(10.0, 4.2)
        left, right = figure.subplots(1, 2)
        lengths = {label: [each["longest"] for each in results]
                   for label, results in found.copied.items()}
        _bars(left, lengths, PAPER_LENGTHS, "longest sequence (steps)", "Copy-repeat, equal time")
        tested = {label: values for label, results in found.words.items() if (
            values := [each["perplexity_test"] for each in results
                       if each["perplexity_test"] is not None])}
        text = next(iter(found.words.values()))[0]["corpus"]["name"] if found.words else ""
        left.set_visible(bool(lengths))
        right.set_visible(bool(tested))
        _bars(right, tested, {} if text == NOVELS else PAPER_PERPLEXITIES, "perplexity, test set",
              f"Word prediction, {text}")
    return figure


def _bars(axes: Axes, values: Mapping[str, Sequence[float]], paper: Mapping[str, float],
          label: str, title: str) -> None:
    """Medians, a dot for each seed, and a line for the paper's."""
    places = np.arange(len(values))
    bars = axes.bar(places, [statistics.median(each) for each in values.values()], width=0.6,
                    color=BLUE, alpha=0.75)
    axes.bar_label(bars, fmt="%.4g", label_type="center", color="white")
    for place, (name, each) in enumerate(values.items()):
        if len(each) > 1:
            axes.plot(place + np.linspace(-0.15, 0.15, len(each)), sorted(each), color=GREY,
                      marker="o", markersize=3.0, linestyle="")
        if name in paper:
            axes.hlines(paper[name], place - 0.38, place + 0.38, color="black", linewidth=1.2,
                        label="paper" if place == 0 else None)
    axes.set_xticks(places, list(values), rotation=35, ha="right")
    axes.set(ylabel=label, title=title)
    axes.grid(**GRID)
    axes.set_axisbelow(True)
    if values and paper:
        axes.legend()


def draw_curves(found: "Found") -> Figure:
    """Longest sequence over batches, perplexity over epochs, as figures 4g and 4h.

    Lines are medians over seeds, shades reach from the least to the largest.
    """
    with styled():
        figure = new_figure(10.0, 4.4)
        left, right = figure.subplots(1, 2)
        if found.copied:
            _length_curves(left, found.copied, "batches")
        left.set(title="Copy-repeat")
        for number, (label, results) in enumerate(found.words.items()):
            colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
            count = min(len(result["curve"]) for result in results)
            tested = np.array([[each["perplexity_test"] for each in result["curve"][:count]]
                               for result in results])
            epochs = np.arange(1, count + 1)
            right.plot(epochs, np.median(tested, axis=0), color=colour, label=label)
            right.fill_between(epochs, tested.min(axis=0), tested.max(axis=0), color=colour,
                               alpha=0.12, linewidth=0)
        right.set(xlabel="epoch", ylabel="perplexity, test set",
                  title="Word prediction")
        right.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes, runs in ((left, found.copied), (right, found.words)):
            axes.set_visible(bool(runs))
            axes.grid(**GRID)
            if runs:
                axes.legend()
    return figure


def draw_larger(found: "Found") -> Figure:
    """Longest sequence of the larger size, over batches and over time."""
    with styled():
        figure = new_figure(10.0, 4.4)
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, by, what in ((left, "batches", "batches"), (right, "seconds", "time")):
            _length_curves(axes, found.larger, by)
            axes.set(title=f"Copy-repeat, larger: equal {what}")
            axes.grid(**GRID)
            axes.legend()
    return figure


def _length_curves(axes: Axes, runs: Runs, by: str) -> None:
    """Longest sequence over batches, to those of the slowest run, or over seconds, in minutes."""
    if by == "batches":
        most, scale = np.geomspace(16, max(2 * 16, equal_batches(runs)), GRID_POINTS), 1.0
    else:
        end = max(result["seconds"] for results in runs.values() for result in results)
        most, scale = np.geomspace(1.0, max(2.0, end), GRID_POINTS), 60.0
    for number, (label, results) in enumerate(runs.items()):
        colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
        lengths = np.array([[longest(result, **{by: value}) for value in most]
                            for result in results])
        axes.plot(most / scale, np.median(lengths, axis=0), color=colour, label=label)
        axes.fill_between(most / scale, lengths.min(axis=0), lengths.max(axis=0), color=colour,
                          alpha=0.12, linewidth=0)
    axes.set(xscale="log", xlabel="batches" if by == "batches" else "minutes of work",
             ylabel="longest sequence solved (steps)")
