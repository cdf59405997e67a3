"""Dumps of one model for one text, by programs that know nothing of each other, say the same of the same tensors."""

from pathlib import Path

import numpy as np
import pytest

from tracer.dumps.opening import open_dump

DUMPS = Path(__file__).parents[2] / "fixtures" / "dumps"


@pytest.fixture(scope="module")
def known():
    """The numbers of every tensor that transformers' debugger wrote, in double precision."""
    dump = open_dump(DUMPS / "transformers_debugger" / "safetensors")
    return {entry.meaning: entry.evidence.read().astype(np.float64) for entry in dump.entries}


def shared(known, *path):
    """What another dump has of the same tensors, and their numbers."""
    return [(e.evidence, known[e.meaning]) for e in open_dump(DUMPS.joinpath(*path)).entries if e.meaning in known]


def test_files_of_msprobe(known):
    pairs = shared(known, "msprobe", "tensor_L0")
    assert len(pairs) == 13
    assert all(np.allclose(found.read(), array, rtol=1e-4, atol=1e-5) for found, array in pairs)


def test_statistics_of_msprobe(known):
    pairs = shared(known, "msprobe", "statistics_L0")
    assert len(pairs) == 34
    for found, array in pairs:
        assert found.shape == array.shape
        assert (found.figures["min"], found.figures["max"]) == pytest.approx((array.min(), array.max()), rel=1e-5)
        if "norm" in found.figures:
            assert found.figures["norm"] == pytest.approx(np.linalg.norm(array), rel=1e-5)


def test_hashes_of_debug_mode(known):
    pairs = shared(known, "debug_mode", "marian_zh_en.txt")
    assert len(pairs) == 14
    for found, array in pairs:
        assert found.shape == array.shape
        assert found.total == pytest.approx(np.abs(array).sum(), rel=1e-5)
