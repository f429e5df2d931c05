"""Expected values: the known-answer vectors published with Random123 (kat_vectors), and moments."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.models.counter_random import Draw, derived_seed, normal, philox, uniform_of_steps

WORD = 0xFFFFFFFF


@pytest.mark.parametrize(("counter", "key", "expected"), [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((WORD, WORD, WORD, WORD), (WORD, WORD), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
])
def test_philox_gives_the_published_known_answers(counter, key, expected):
    assert tuple(int(word) for word in philox(counter, key)) == expected


def test_philox_broadcasts_counters():
    words = philox((np.arange(3)[:, None], np.arange(2)[None, :], 7, 9), (1, 2))
    assert words.shape == (4, 3, 2)
    assert words.dtype == np.uint32
    np.testing.assert_array_equal(words[:, 2, 1], philox((2, 1, 7, 9), (1, 2)))


def test_normal_is_the_sum_of_twelve_halves_in_plain_integers():
    words = [int(w) for block in (0, 1) for w in philox((3, 5, 7, block), (11, 13))][:6]
    total = sum((w & 0xFFFF) + (w >> 16) for w in words)
    assert normal((3, 5, 7), Draw.LEARNING_SIGNAL, (11, 13)) == (total - 6 * 65535) / 65536


def test_normal_has_the_moments_of_a_sum_of_twelve_uniforms():
    # variance 12 (2^32 - 1) / 12 / 2^32 = 1, excess kurtosis -1.2 / 12 = -0.1
    x = normal((np.arange(1000)[:, None], np.arange(200)[None, :], 0), Draw.NOISE, (1, 0))
    assert abs(x.mean()) < 5 / math.sqrt(x.size)
    assert abs(x.var() - 1.0) < 5 * math.sqrt(2.0 / x.size)
    assert abs((x ** 4).mean() - 2.9) < 0.1


@given(st.integers(0, 2 ** 34), st.integers(0, 40), st.integers(0, 40))
def test_uniforms_do_not_depend_on_where_a_stretch_starts(first, before, after):
    cells = np.array([0, 3, 2 ** 20])
    whole = uniform_of_steps(first, first + before + after, cells, Draw.POISSON, (5, 6))
    part = uniform_of_steps(first + before, first + before + after, cells, Draw.POISSON, (5, 6))
    np.testing.assert_array_equal(whole[before:], part)
    assert np.all((whole > 0) & (whole < 1))


def test_a_uniform_is_the_word_of_its_step():
    word = philox((9, 25, 0, int(Draw.POISSON)), (5, 6))[2]
    assert uniform_of_steps(102, 102, np.array([9]), Draw.POISSON, (5, 6))[0, 0] \
        == (float(word) + 0.5) / 2 ** 32


def test_derived_seeds_differ_by_index_and_purpose_and_repeat():
    seeds = {derived_seed(1, index, purpose) for index in range(20) for purpose in range(3)}
    assert len(seeds) == 60
    assert derived_seed(1, 4, 2) == derived_seed(1, 4, 2)
    assert 0 <= min(seeds) and max(seeds) <= WORD
