"""Blocks of quantised numbers, against what `gguf.quants` makes of the same bytes (tests/make_gguf.py)."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from tracer.checkpoints.gguf.blocks import CALLED, QUANTISED, TYPES

from ...conftest import FIXTURES

MADE = load_file(FIXTURES / "gguf" / "blocks.safetensors")
FORMULAS = {
    "Q8_0": "w = d · q",
    "Q4_0": "w = d · (q − 8)",
    "Q4_1": "w = d · q + m",
    "Q5_0": "w = d · (q − 16)",
    "Q5_1": "w = d · q + m",
    "Q2_K": "w = d · sc · q − d_min · m",
    "Q3_K": "w = d · (sc − 32) · (q − 4)",
    "Q4_K": "w = d · sc · q − d_min · m",
    "Q5_K": "w = d · sc · q − d_min · m",
    "Q6_K": "w = d · sc · (q − 32)",
    "IQ4_NL": "w = d · v_q",
    "IQ4_XS": "w = d · (sc − 32) · v_q",
}


def test_every_type_is_tested() -> None:
    assert QUANTISED.keys() == FORMULAS.keys() == {name.partition(".")[0] for name in MADE}
    assert TYPES.keys() <= set(CALLED.values())


@pytest.mark.parametrize("name", QUANTISED)
def test_numbers_are_those_of_the_library_bit_for_bit(name: str) -> None:
    expected, found = MADE[f"{name}.numbers"], QUANTISED[name].read(MADE[f"{name}.blocks"])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize("name", QUANTISED)
def test_a_number_is_what_its_arithmetic_comes_to(name: str) -> None:
    kind, expected = QUANTISED[name], MADE[f"{name}.numbers"]
    assert kind.formula == FORMULAS[name]
    for block, place in np.ndindex(expected.shape):
        node = kind.made(MADE[f"{name}.blocks"][block], place)
        assert np.float32(node.evaluate()) == expected[block, place]


def test_what_is_no_number_is_none() -> None:
    """A block whose scale is not finite, as no program writes it."""
    block = np.full((1, 18), 255, np.uint8)
    assert np.isnan(QUANTISED["Q4_0"].read(block)).all()
    assert np.isnan(QUANTISED["Q4_0"].made(block[0], 3).evaluate())


@pytest.mark.parametrize("name", QUANTISED)
def test_random_blocks_agree_with_the_library_where_it_is_installed(name: str) -> None:
    gguf = pytest.importorskip("gguf")
    raw = np.random.default_rng(7).integers(0, 256, (500, QUANTISED[name].bytes), dtype=np.uint8)
    with np.errstate(all="ignore"):
        expected = gguf.quants.dequantize(raw, gguf.GGMLQuantizationType[name])
    np.testing.assert_array_equal(QUANTISED[name].read(raw), expected)
