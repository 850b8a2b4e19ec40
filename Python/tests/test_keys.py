from __future__ import annotations

import numpy as np
import pytest

import escapement
from escapement import _keys


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (0.1, "0.1"),
        (1e-12, "1e-12"),
        (3000, "3000"),
        (np.int64(8), "8"),
        (np.float64(0.1), "0.1"),
        ([0.01, 0.5], "0.01,0.5"),
        (np.array([1.0, 2.0]), "1.0,2.0"),
        (("chain", "sde"), "chain,sde"),
        (range(1, 4), "1,2,3"),
        ({"sgd": 150, "default": 20000}, "20000,sgd:150"),
        ([[1, 0.3], [0.3, 1]], "[[1, 0.3], [0.3, 1]]"),
        ([], "none"),
    ],
)
def test_values_become_the_text_of_options(value, text):
    assert _keys.text(_keys.plain(value)) == text


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("lr", "learning_rate"),
        ("learning_rat", "learning_rate"),
        ("noise", "label_noise"),
        ("treshold", "thresholds"),
        ("dim", "dimension"),
    ],
)
def test_an_unknown_key_names_the_nearest(key, nearest):
    with pytest.raises(TypeError, match=f"has no key '{key}': did you mean {nearest}") as caught:
        escapement.compare(**{key: 1})
    assert isinstance(caught.value, escapement.EscapementError)


def test_a_key_like_no_other_lists_them_all():
    with pytest.raises(TypeError, match=r"no key 'qqq': expected one of .*, learning_rate,"):
        escapement.theory(qqq=1)


def test_keys_are_those_of_the_subcommand():
    assert "times" in _keys.options("trajectories")
    assert "times" not in _keys.options("compare")
    assert _keys.options("test")["paired"] is False
    assert "output" not in _keys.options("compare")
    with pytest.raises(TypeError, match=r"theory\(\) has no key 'times'"):
        escapement.theory(times=[1, 2])


def test_a_key_that_is_none_is_not_given():
    assert escapement.theory(dimension=100, learning_rate=0.1, width=None) == escapement.theory(
        dimension=100, learning_rate=0.1
    )
