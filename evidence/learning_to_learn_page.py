"""The page and the figure of task 2.1, from the results of its runs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from evidence.tables import mean_and_interval
from pynn_eprop.plotting.style import GREY, GRID, SERIES_COLOURS, new_figure, styled

if TYPE_CHECKING:
    from evidence.learning_to_learn import Found

Result = Mapping[str, Any]
PAPER = 0.005
WHAT_IT_SAYS = [
    "## What it says", "",
    "- One update takes the error from 0.256 to 0.011 with a spiking error module, with each seed. "
    "First weights that are learned for no update stay at 0.258.",
    "- A linear module, with as many iterations, comes to 0.014, 0.020 and 0.021.",
    "- With traces h z the error is twice that of whole traces here. The paper found the two "
    "alike.",
    "- e-prop 1 with random feedback does better than either module if it is given the errors of "
    "the joints, which no module ever sees; with the errors that a module could know, those of the "
    "tip, it ends at four times the spiking module's error.",
    "- The backends agree to rounding, and fixed point costs nothing within the noise of 256 "
    "movements.", ""]
"""What the numbers say, for the page."""


def draw_curves(found: "Found") -> Figure:
    """The error on fresh tasks over the outer loop, as the paper's figure 3e."""
    with styled():
        figure = new_figure(7.0, 4.2)
        axes = figure.subplots()
        for number, (label, results) in enumerate(found.learned.items()):
            colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
            for seed, result in enumerate(results):
                axes.plot(result["curve"]["iteration"], result["curve"]["error"], color=colour,
                          linewidth=1.0, alpha=0.9, label=label if seed == 0 else None)
        without = next(iter(found.learned.values()))[0]["curve_no_update"]
        axes.plot(without["iteration"], without["error"], color=GREY, linestyle=":",
                  label="learned without updates")
        axes.axhline(PAPER, color=GREY, linewidth=0.8, linestyle="--", label="paper, 400 + 300")
        axes.set_yscale("log")
        axes.set_xlim(left=0)
        axes.grid(**{**GRID, "which": "both"})
        axes.set(xlabel="iteration of the outer loop",
                 ylabel="mse of the tip after one update, fresh movements")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return figure


def page(found: "Found") -> str:
    """The page in Markdown."""
    first = next(iter(found.learned.values()))[0]
    parameters = first["parameters"]
    lines = [
        "# One-shot learning of arm movements (task 2.1)",
        "",
        "Written by `python -m evidence.learning_to_learn`, which can be interrupted and repeated. "
        "The task, and what is learned where: "
        "[docs/learning_to_learn.md](../../learning_to_learn.md).",
        "",
        f"{_size(parameters)} {first['iterations']} iterations of the outer loop. Errors are the "
        f"mse of the tip on {first['test_tasks']} fresh movements: mean over seeds with its 95% "
        "interval (Student's t), or of a single seed.",
        "",
        *WHAT_IT_SAYS,
        "## The outer loop",
        "",
        "| error module | seeds | before the update | after one update | learned without updates "
        "| s an iteration | s in all |",
        "|---|---|---|---|---|---|---|",
        *[_row(label, results) for label, results in found.learned.items()],
        "",
        f"The paper has {PAPER} after the update with 400 + 300 cells and batches of 200. It does "
        "not say how long the arm's links are, which its mse goes with squared, nor whether it is "
        "a mean or a sum over the two coordinates: here links of 0.5 and a mean, of which the "
        "goals' own variance is 0.19. Seconds are those of two cores, beside other work.",
        "",
        "![The error over the outer loop](curves.png)",
        "",
    ]
    if found.medium is not None:
        lines += ["## A larger network", "", *_medium(found.medium)]
    if found.full is not None:
        lines += ["## The paper's size", "", *_full(found.full)]
    if found.one_shot:
        lines += ["## The inner loop on each backend", "", *_one_shot(found.one_shot),
                  *(_rounding(found.rounding) if found.rounding is not None else [])]
    if found.cores is not None and found.full is not None:
        lines += ["## On cores, at the paper's size", "", *_cores(found.cores, found.full)]
    lines += ["## Commands", "", "Runs, as of `runs.csv`:", "", "    " + "\n    ".join(
        f"{result['command']}" for results in found.learned.values() for result in results[:1]),
        "", f"Versions: {', '.join(f'{name} {each}' for name, each in first['versions'].items())}.",
        ""]
    return "\n".join(lines)


def _size(parameters: Mapping[str, Any]) -> str:
    cells = f"{parameters['n_neurons']} + {parameters['n_module']} cells and batches of " \
            f"{parameters['batch']}"
    if (parameters["n_neurons"], parameters["batch"]) == (400, 200):
        return f"{cells}, as in the paper;"
    return f"**Reduced size** (`--full` has the paper's): {cells} in the place of 400 + 300 and " \
           "200;"


def _row(label: str, results: Sequence[Result]) -> str:
    cells = [_with_interval([result[name] for result in results])
             for name in ("mse_before", "mse_after", "mse_no_update")]
    seconds = np.median([result["seconds_per_iteration"] for result in results])
    whole = np.median([result["seconds"] for result in results])
    seeds = ", ".join(str(result["seed"]) for result in results)
    return f"| {label} | {seeds} | {' | '.join(cells)} | {seconds:.3f} | {whole:.0f} |"


def _with_interval(values: Sequence[float]) -> str:
    mean, half = mean_and_interval(values)
    return f"{mean:.4f}" if len(values) == 1 else f"{mean:.4f} ± {half:.4f}"


def _medium(result: Result) -> list[str]:
    parameters = result["parameters"]
    return [f"{parameters['n_neurons']} + {parameters['n_module']} cells, batches of "
            f"{parameters['batch']}, {result['iterations']} iterations, seed {result['seed']}: mse "
            f"{result['mse_before']:.4f} before and **{result['mse_after']:.4f}** after one "
            f"update; {result['mse_no_update']:.4f} learned without updates. "
            f"{result['seconds_per_iteration']:.2f} s an iteration, {result['seconds'] / 60:.0f} "
            "min in all.", ""]


def _full(found: Result) -> list[str]:
    seconds, loss = float(np.median(found["seconds"][1:] or found["seconds"])), found["loss"]
    hours = seconds * found["iterations"] / 3600.0
    return [f"{found['neurons']} + {found['module']} cells, batches of {found['batch']}, "
            f"{found['at_once']} side by side: {seconds:.1f} s an iteration on two cores (median "
            f"of {len(loss)}), {found['compiling']:.0f} s to compile, at most "
            f"{found['peak_bytes'] / 1e9:.1f} GB. The loss fell from {loss[0]:.0f} to "
            f"{loss[-1]:.0f} in these {len(loss)} iterations. All {found['iterations']} of them "
            f"would take {hours:.0f} hours here. The command, for a GPU "
            "(`pip install 'jax[cuda13]==0.10.2'`) too:", "",
            "    pynn-eprop learn arm-movement --size full --out arm", ""]


def _cores(found: Result, full: Result) -> list[str]:
    cores = ", ".join(f"{count} of `{name}`" for name, count in sorted(found["cores"].items()))
    different = found["different"]
    words = "nothing differs" if different == 0 else f"**{different} differ**"
    return [
        f"{full['neurons']} + {full['module']} cells on an emulated board, one movement from the "
        f"weights after the iterations above: {sum(found['cores'].values())} cores ({cores}). Of "
        f"{found['values']:,} values of readouts, all spikes and all learned weights, "
        f"{words} from the host in fixed point.", "",
        "| step of the busiest core, instructions | of a step | longest step, us | late spikes | "
        "update, ms | its SDRAM traffic, MB | pause given, ms |",
        "|---|---|---|---|---|---|---|",
        f"| {found['step']:,.0f} | {found['step'] / 2000:.1f}% | {found['longest']} | "
        f"{found['late']} | {found['update'] / 1000:.1f} | {found['megabytes']:.2f} | "
        f"{found['given'] / 1000:.0f} |", "",
        "Counted as in [the tables of networks](../spinnaker/networks.md), where it is said what a "
        "chip needs beyond that.", ""]


def _rounding(found: Result) -> list[str]:
    exact = np.array(found["float64"])

    def beside(name: str) -> str:
        difference = np.array(found[name]) - exact
        half = 1.96 * difference.std(ddof=1) / len(difference) ** 0.5
        return f"{np.mean(found[name]):.4f} ({difference.mean():+.4f} ± {half:.4f}, median size " \
               f"{np.median(np.abs(difference)):.4f})"

    return [
        f"Fixed point, with {len(exact)} other movements: mse {exact.mean():.4f} in float64 and "
        f"{beside('fixed')} in fixed point (in brackets the differences, movement by movement, "
        "with the 95% interval of their mean). Rounding moves single spikes, and with them "
        "movements in either direction: weights changed by a factor of 1 + 1e-4 N(0, 1) give "
        f"{beside('weights')} in float64.", ""]


def _one_shot(found: Mapping[str, Result]) -> list[str]:
    exact = found["host, float64"]
    rows = []
    for name, result in found.items():
        off = max(abs(one - other) for one, other in zip(
            [*result["before"], *result["after"]], [*exact["before"], *exact["after"]],
            strict=True))
        rows.append(f"| {name} | {result['mse_before']:.6f} | {result['mse_after']:.6f} | "
                    f"{off:.1e} | {result['seconds'] / result['targets']:.2f} |")
    count = exact["targets"]
    same = found.get("emulator, fixed"), found.get("host, fixed")
    words = []
    if all(same):
        equal = all(same[0][name] == same[1][name] for name in ("before", "after"))
        words = [f"Errors of all {count} movements on the emulated board are "
                 f"{'equal' if equal else '**not equal**'} to those of the host in fixed point, "
                 "bit for bit.", ""]
    return [f"{count} fresh movements from the file of the first seed of the spiking error module, "
            "each a training trial, one update and a test trial of the same PyNN script.", "",
            "| backend | mse before | mse after | largest difference from host float64, of a "
            "movement | s a movement |",
            "|---|---|---|---|---|", *rows, "", *words,
            "![The arm before and after one update](movement.gif)", "",
            "![The same movement: spikes, learning signals, joints](one_shot.png)", ""]
