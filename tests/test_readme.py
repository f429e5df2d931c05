"""The script in README.md runs as printed, on a small network."""

import re
from pathlib import Path

import numpy as np

README = Path(__file__).parents[1] / "README.md"


def script() -> str:
    """The README's one Python block."""
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    return block


def small(text: str) -> str:
    """The README's script with 10 cells and 3 updates."""
    for full, fewer in (("600", "10"), ("1000 * 1000.0", "3 * 1000.0")):
        assert full in text
        text = text.replace(full, fewer)
    return text


def test_script_is_short() -> None:
    assert len(script().splitlines()) <= 24


def test_script_runs() -> None:
    rng = np.random.default_rng(1)
    names = {
        "spike_times": [np.arange(5.0, 3000.0, 50.0) for _ in range(20)],
        "targets": np.zeros((3, 1000)),
        "w_in": rng.standard_normal((20, 10)), "w_rec": rng.standard_normal((10, 10)),
        "w_out": rng.standard_normal((10, 3)), "feedback": rng.standard_normal((3, 10)),
    }
    exec(compile(small(script()), str(README), "exec"), names)
    (loss,) = names["block"].segments[0].analogsignals
    assert loss.name == "loss"
    assert loss.shape == (3, 1)
    assert np.isfinite(loss.magnitude).all()
