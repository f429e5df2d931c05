"""Command lines of plans, read again by the command's own parser."""

import shlex

import pytest

from pynn_eprop.cli import _parser
from pynn_eprop.experiments.command_line import command_line
from pynn_eprop.experiments.configuration import Configuration


def test_options_and_parameters_are_words_of_a_shell():
    line = command_line(["run", "mine"], {"seed": 3, "rule": None, "quiet": True, "force": False},
                        [("cell", "EPropALIF"), ("periods", (0.3, 1.0)), ("note", "a b")],
                        ["my plugins/own.py"], "an out")
    # by hand
    assert shlex.split(line) == [
        "pynn-eprop", "run", "mine", "--seed", "3", "--quiet", "--plugin", "my plugins/own.py",
        "--set", "cell=EPropALIF", "--set", "periods=(0.3, 1.0)", "--set", "note='a b'",
        "--out", "an out"]


@pytest.mark.parametrize("command", ["decode", "learn"])
def test_data_are_a_parameter_like_others_of_commands_without_that_option(command):
    line = command_line([command, "mine"], {"seed": 3}, [("data", "my/corpus")], (), "DIR")
    options = _parser().parse_args(shlex.split(line)[1:])
    assert options.set == [("data", "my/corpus")] and options.seed == 3


def test_data_are_an_option_of_a_run():
    line = Configuration("speech", parameters=(("lr", 0.1), ("data", "my corpus"))).command()
    options = _parser().parse_args(shlex.split(line)[1:])
    assert str(options.data) == "my corpus" and options.set == [("lr", 0.1)]
