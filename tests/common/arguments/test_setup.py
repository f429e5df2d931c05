"""Every bad keyword is refused with the value and the remedy; the good ones become settings."""

import math

import numpy as np
import pytest

from pynn_eprop.common.arguments.setup import SharedOptions, check_count, check_path, split_keywords
from pynn_eprop.errors import SetupError
from pynn_eprop.models.network import Boundary, Settings


def test_good_keywords_become_the_settings_of_the_network():
    options = SharedOptions(timestep=0.5, update_interval=1000.0, trials_per_update=3,
                            boundary="continuous", seed=7)
    assert options.settings(threads=2) == Settings(0.5, 2000, 3, Boundary.CONTINUOUS, 2)


def test_defaults_are_those_of_pynn():
    options = SharedOptions()
    assert (options.timestep, options.min_delay, options.max_delay) == (0.1, "auto", "auto")
    assert options.interval_steps is None


def test_a_synapse_without_delay_gets_min_delay_or_one_step():
    assert SharedOptions(timestep=0.5).shortest_delay == 0.5
    assert SharedOptions(timestep=0.5, min_delay=2.0).shortest_delay == 2.0


@pytest.mark.parametrize(("keywords", "fragments"), [
    ({"timestep": 0.0}, ["timestep=0.0", "> 0 ms"]),
    ({"timestep": -1.0}, ["timestep=-1.0", "> 0 ms"]),
    ({"timestep": math.nan}, ["timestep=nan"]),
    ({"timestep": "fast"}, ["timestep='fast'", "number of ms"]),
    ({"update_interval": math.inf}, ["update_interval=inf"]),
    ({"update_interval": 0.0}, ["update_interval=0.0", ">= 0.1 ms"]),
    ({"update_interval": 10.05}, ["update_interval=10.05", "10 and 10.1 ms"]),
    ({"trials_per_update": 0}, ["trials_per_update=0", ">= 1"]),
    ({"trials_per_update": 1.5}, ["trials_per_update=1.5", "whole number"]),
    ({"trials_per_update": True}, ["trials_per_update=True"]),
    ({"boundary": "soft"}, ["boundary='soft'", "['reset', 'continuous']"]),
    ({"trials_per_update": 2 ** 31}, ["trials_per_update=2147483648", "<= 2147483647"]),
    ({"update_interval": 1e10}, ["update_interval=10000000000.0", "2147483647 steps of 0.1 ms"]),
    ({"seed": -1}, ["seed=-1", "0..4294967295"]),
    ({"seed": 1.0}, ["seed=1.0", "whole number"]),
    ({"min_delay": 0.05}, ["min_delay=0.05", ">= 0.1 ms"]),
    ({"min_delay": 0.25}, ["min_delay=0.25", "0.2 and 0.3 ms"]),
    ({"min_delay": 2.0, "max_delay": 1.0}, ["min_delay=2.0", "max_delay=1.0"]),
])
def test_bad_values_are_refused(keywords, fragments):
    with pytest.raises(SetupError) as error:
        SharedOptions(**keywords)
    for fragment in fragments:
        assert fragment in str(error.value)


def test_whole_numbers_of_numpy_are_as_good_as_those_of_python():
    options = SharedOptions(seed=np.uint32(7), trials_per_update=np.int64(3))
    assert (options.seed, options.trials_per_update) == (7, 3)
    assert type(options.seed) is type(options.trials_per_update) is int
    assert check_count("threads", np.int32(2)) == 2


def test_unknown_keyword_names_the_valid_ones_and_the_nearest():
    with pytest.raises(SetupError) as error:
        split_keywords({"update_intervall": 1000.0}, own=("precision",))
    assert "update_intervall=1000.0" in str(error.value)
    assert "did you mean 'update_interval'?" in str(error.value)
    assert "boundary, max_delay, min_delay, precision, seed, timestep" in str(error.value)


def test_keywords_are_split_and_those_of_other_simulators_without_effect_are_dropped():
    shared, own = split_keywords(
        {"seed": 3, "precision": "float64", "t_flush": 10.0, "verbosity": "error",
         "spike_precision": "on_grid"}, own=("precision",))
    assert shared == {"seed": 3}
    assert own == {"precision": "float64"}


def test_a_keyword_that_would_have_an_effect_elsewhere_is_refused():
    with pytest.raises(SetupError, match=r"spike_precision='off_grid'.*\['on_grid'\]"):
        split_keywords({"spike_precision": "off_grid"}, own=())
    with pytest.raises(SetupError, match="unknown keyword rng_seeds"):
        split_keywords({"rng_seeds": [1]}, own=())


def test_counts_and_paths(tmp_path):
    with pytest.raises(SetupError, match="threads=0"):
        check_count("threads", 0)
    assert check_path("checkpoint", tmp_path / "a") == tmp_path / "a"
    with pytest.raises(SetupError, match="folder that does not exist"):
        check_path("checkpoint", tmp_path / "no" / "a")
    with pytest.raises(SetupError, match="not a file name"):
        check_path("checkpoint", 3)
    for folder in (tmp_path, ""):
        with pytest.raises(SetupError, match="is a folder, not a file name"):
            check_path("checkpoint", folder)
