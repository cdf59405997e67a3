"""What rounding can do: seen by rounding otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.comparing.rounding import UNITS, Jitter, Noise, from_the_beginning, least, seen
from tracer.comparing.segments import Sources
from tracer.ops.attention import LOWEST
from tracer.tensor import Tensor

from .ported import run_of
from .test_segments import given, key, sources

SELF, WHOLE = "decoder.0.self_attn", np.ones((1,), bool)


def output(path: str, family: str = "gpt2") -> Tensor:
    return sources(family).records[key(path)].output


def noise(path: str, *there: str, unit: str = "F32") -> Noise:
    """What rounding may do between some records and one."""
    segment = sources().segment(key(path), given(*there))
    return seen(segment, output(path), WHOLE, UNITS[unit])


@pytest.mark.parametrize("unit", UNITS.values())
def test_a_number_is_moved_to_one_beside_it_or_left(unit: float) -> None:
    x = output(f"{SELF}.norm")
    moved = Jitter(unit, 0)(x).array
    apart = np.abs(moved - x.array) / np.abs(x.array)
    assert 1.8 * unit < apart.max() < 3 * unit
    assert 0.2 < (apart < unit).mean() < 0.5
    assert np.array_equal(moved, Jitter(unit, 0)(x).array)
    assert not np.array_equal(moved, Jitter(unit, 1)(x).array)


def test_what_hides_a_key_stays() -> None:
    masked = output(f"{SELF}.masked")
    moved = Jitter(UNITS["BF16"], 0)(masked).array
    assert np.array_equal(moved <= LOWEST, masked.array <= LOWEST)
    mask = output(f"{SELF}.mask")
    assert np.array_equal(Jitter(UNITS["BF16"], 0)(mask).array, mask.array)


def test_it_grows_with_the_unit_and_with_the_depth() -> None:
    short, bf16 = noise("decoder.0.ffn.output", "decoder.0.ffn.activated"), UNITS["BF16"] / UNITS["F32"]
    long = noise("decoder.0.ffn.output")
    assert 1.2 * short.most < long.most
    coarse = noise("decoder.0.ffn.output", "decoder.0.ffn.activated", unit="BF16")
    assert bf16 / 4 < coarse.most / short.most < 4 * bf16
    assert bf16 / 4 < coarse.whole / short.whole < 4 * bf16


def test_sure_weights_are_hardly_moved_and_large_scores_far() -> None:
    scores, weights = (noise(f"{SELF}.{name}", f"{SELF}.q", f"{SELF}.k") for name in ("scores", "weights"))
    largest = float(np.abs(output(f"{SELF}.scores").array).max())
    assert UNITS["F32"] < scores.most / largest < 100 * UNITS["F32"]
    assert UNITS["F32"] < weights.most < 100 * UNITS["F32"] * max(1, largest)


def test_on_the_whole_it_is_less_than_at_the_most() -> None:
    for path in ("decoder.0.ffn.output", f"{SELF}.weights", "logits"):
        found = noise(path)
        assert 0 < found.whole < found.most


def test_a_rounding_of_the_largest_is_the_least() -> None:
    segment = sources().segment(key("decoder.0.ffn.hidden"), given("decoder.0.ffn.norm"))
    hidden = output("decoder.0.ffn.hidden")
    assert UNITS["F32"] * np.abs(hidden.array).max() <= least(segment, hidden, WHOLE, UNITS["F32"]).most
    assert least(segment, hidden, WHOLE, UNITS["F32"]).most <= noise("decoder.0.ffn.hidden", "decoder.0.ffn.norm").most


def test_padding_says_nothing_of_it() -> None:
    hidden = output("decoder.0.ffn.hidden")
    loud = hidden.replaced(np.where(np.arange(9)[:, None] == 8, 1e6, hidden.array).astype(np.float32))
    segment = sources().segment(key("decoder.0.ffn.hidden"), given("decoder.0.ffn.norm"))
    kept = np.arange(9)[:, None] < 8
    assert least(segment, loud, kept, UNITS["F32"]).most < 1e-3 * least(segment, loud, WHOLE, UNITS["F32"]).most


def test_from_the_beginning_it_is_of_all_that_went_before() -> None:
    paths = ("decoder.embed.output", f"{SELF}.q", "decoder.0.ffn.output", "decoder.1.ffn.residual", "logits")
    every = Sources(run_of("gpt2"))
    found = from_the_beginning(every, {key(path): WHOLE for path in paths}, UNITS["F32"])
    for path in paths:
        largest = float(np.abs(output(path).array).max())
        assert UNITS["F32"] < found[key(path)].most / largest < 1e3 * UNITS["F32"]
    shares = [found[key(path)].most / float(np.abs(output(path).array).max()) for path in paths]
    assert shares[0] < shares[-1]


def test_noise_that_is_as_much_in_any_case() -> None:
    assert Noise(1.0, 0.5).or_at_least(0.5) == Noise(1.0, 0.5)
    assert Noise(1.0, 0.5).or_at_least(2.0) == Noise(2.0)
