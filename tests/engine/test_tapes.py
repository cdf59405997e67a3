"""What a shelf holds is what it says, and tapes that are full hold no memory of what they dropped."""

from __future__ import annotations

import gc
from random import Random
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.addresses import At
from tracer.decoding.settings import Settings
from tracer.passes import Pass
from tracer.run import Run
from tracer.tape import Dropped, Tape
from tracer.tapes import Shelf
from tracer.tensor import Array
from tracer.verify import verify

from .conftest import FIXTURES

SOURCE = [7, 11, 12, 5, 2]


class Owner:
    """Somebody whose tapes stand on a shelf."""


def tape(number: int, nbytes: int) -> Tape:
    made = Tape(number)
    made.nbytes = nbytes
    return made


def there(shelf: Shelf) -> int:
    """The bytes of the tapes that are there."""
    return sum(tape.nbytes for tape in (*shelf._kept.values(), *shelf._again.values()))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_held_is_what_is_there(seed: int) -> None:
    random, shelf = Random(seed), Shelf(100)
    owners = [Owner() for _owner in range(4)]
    numbers = [shelf.owner(owner) for owner in owners]
    for _act in range(300):
        number, made = random.choice(numbers), tape(random.randrange(6), random.randrange(60))
        act = random.choice((shelf.keep, shelf.keep, shelf.keep_again, shelf.find, shelf.drop_all, shelf.drop_again))
        arguments: tuple[Any, ...] = {"find": (made.at,), "keep": (made,), "keep_again": (made,)}.get(act.__name__, ())
        act(number, *arguments)
        assert shelf.held == there(shelf)
        assert shelf.held <= 100 or len(shelf._kept) <= 1
    owners.clear()
    assert shelf.held == there(shelf) == 0


def test_what_goes_with_a_tape_that_is_dropped_is_counted_once() -> None:
    """The last to hold another owner may be a tape, as that of an edit which takes from another run."""
    gc.disable()
    try:
        shelf, owner = Shelf(100), Owner()
        other = Owner()
        shelf.keep(shelf.owner(other), tape(1, 30))
        holding = tape(2, 40)
        holding.holds = other  # type: ignore[attr-defined]
        number = shelf.owner(owner)
        shelf.find(0, At(1))
        shelf.keep(number, holding)
        shelf.find(0, At(1))
        del other, holding
        shelf.keep(number, tape(3, 90))
        assert shelf.held == there(shelf) == 90
    finally:
        gc.enable()


def memory_of(array: Array) -> Array:
    """The array whose memory another lies in."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@pytest.mark.parametrize("name", ["gpt2", "marian_zh_en", "t5_v1_1"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_full_tape_holds_only_what_it_counts(name: str, share: float) -> None:
    """But for what is left to the next pass, and whole numbers of bytes that two views count twice."""
    model = tracer.load(FIXTURES / name)
    whole = Run(model, SOURCE, Settings(max_tokens=2, cache=True)).step(1)
    run = Run(model, SOURCE, Settings(max_tokens=2, cache=True), budget=int(2 * share * whole.nbytes))
    made = run.step(1)
    left = {id(memory_of(tensor.array)) for tensor in made.kept.values()}
    left |= {id(memory_of(run.passes[1].across.memory.array))} if run.passes[1:] and run.passes[1].across else set()
    tensors = [one for record in made for one in (record.output, *record.inputs) if one.at == made.at]
    held = {id(memory_of(one.array)): memory_of(one.array).nbytes for one in tensors if not isinstance(one, Dropped)}
    assert any(isinstance(record.output, Dropped) for record in made)
    assert sum(size for array, size in held.items() if array not in left) <= made.nbytes <= share * whole.nbytes


@pytest.mark.parametrize("budget", [1, 3_000, 30_000])
def test_of_a_pass_performed_again_little_is_kept(budget: int) -> None:
    run = Run(tracer.load(FIXTURES / "gpt2"), SOURCE, Settings(max_tokens=2, cache=True), budget=budget)
    largest = 0
    for record in run.step(1):
        largest = max(largest, record.output.array.nbytes)
        assert sum(again.nbytes for again in run.shelf._again.values()) <= budget / 2 + largest
        assert run.shelf.held == there(run.shelf)


def test_what_is_in_use_is_not_performed_again() -> None:
    run = Run(tracer.load(FIXTURES / "gpt2"), SOURCE, Settings(max_tokens=2, cache=True), budget=1)
    made = run.step(1)
    one, other = (made.find(f"decoder.{i}.ffn.hidden").output for i in range(2))
    used = one.array
    assert other.array is not used
    assert one.array is used


def test_going_back_ends_with_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tracer.load(FIXTURES / "gpt2"), SOURCE, Settings(max_tokens=2, cache=True), budget=1)
    wanted = run.step(1).find("decoder.0.ffn.hidden")
    performed: list[Tape] = []
    perform = run._tapes._perform

    def noted(here: Pass, tape: Tape) -> None:
        performed.append(tape)
        perform(here, tape)

    monkeypatch.setattr(run._tapes, "_perform", noted)
    assert wanted.output.array.size
    assert {record.address.rpartition(".")[0] for record in performed[0]} >= {"decoder.0.ffn"}
    assert not any(record.address.startswith("decoder.1") for record in performed[0])


def test_a_step_that_does_not_fit_is_verified() -> None:
    run = Run(tracer.load(FIXTURES / "gpt2"), SOURCE, Settings(max_tokens=2, cache=True), budget=2_000)
    whole = Run(run.model, SOURCE, run.settings)
    expected = [check.checked for check in verify(whole, whole.step(1).records)]
    found = verify(run, run.step(1).records)
    assert [check.checked for check in found] == expected
    assert [check.failures for check in found] == [[]] * 6
