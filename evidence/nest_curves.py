"""The learning curves of NEST's examples on NEST and on the host engine, as a figure and a page."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from evidence.shared.nest_process import load

_TITLES = {"nest_regression": "generate sine waves", "nest_classification": "accumulate evidence"}


def draw_curves(losses: dict[str, dict[str, list[float]]]) -> tuple[Figure, str]:
    """Figure and page from losses by example and backend."""
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    rows = []
    for axes, (name, curves) in zip(figure.subplots(1, 2), losses.items(), strict=True):
        for (backend, loss), style in zip(curves.items(), ("-", "--"), strict=True):
            axes.plot(np.arange(1, len(loss) + 1), loss, style, label=backend)
            rows.append(f"| {_TITLES[name]} | {backend} | {len(loss)} | {loss[0]:.6f} | "
                        f"{np.mean(loss[-10:]):.6f} |")
        axes.set(title=_TITLES[name], xlabel="update", ylabel="loss")
        axes.legend()
    regression, classification = (load(Path("examples", f"{name}.py")) for name in _TITLES)
    return figure, "\n".join([
        "# NEST's own e-prop examples",
        "",
        "Written by `python -m evidence.nest_networks` (part of `make evidence`).",
        "`examples/nest_regression.py` and `examples/nest_classification.py` are NEST's examples",
        "as PyNN scripts. In the first five updates they give the losses that NEST publishes, to",
        "all published digits (`tests/nest/test_published_losses.py`):",
        f"{regression.PUBLISHED[0]}, ... and {classification.PUBLISHED[1][0]}, ... (batches of 1),",
        f"{classification.PUBLISHED[2][0]}, ... (batches of 2). For longer, on NEST and on the "
        "host engine in float64:",
        "",
        "| example | backend | updates | first loss | mean of the last ten |",
        "|---|---|---|---|---|",
        *rows, "",
        "![Learning curves](examples.png)", "",
        "NEST misses a little of the gradient where an input spikes in step 1, and takes the rate",
        "term of each trial where the paper takes that of the batch",
        "([docs/nest.md](../../nest.md)); after some updates single spikes fall differently, and",
        "the curves part. Where neither happens they do not (the table of random networks).", ""])
