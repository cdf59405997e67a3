"""How a number of a file is made of what stands there, asked for by `why` of a cell of a parameter."""

from dataclasses import replace

import pytest

from commands.opener import Opener
from commands.session import Session
from tracer.arithmetic import Number
from tracer.checkpoints.stored import Contiguous, Made
from tracer.dataclass import dataclass

CELL = "decoder.0.ffn.hidden.weight[1,2]"


@dataclass(frozen=True)
class Scaled(Contiguous):
    """A tensor that claims to be made of whole numbers and a scale."""

    def made(self, index):
        return Made("w = d · q", Number(0.25, "d") * Number(float(sum(index)), "q"), f"block {index[0]}")


@pytest.fixture
def session(model):
    """One on a model whose tensors are all `Scaled`."""
    tensors = {name: Scaled(**vars(stored)) for name, stored in model.contents.tensors.items()}
    return Session(Opener(replace(model, contents=replace(model.contents, tensors=tensors))))


def test_why_shows_the_formula_the_numbers_put_in_and_their_place(play):
    shown = play(f"why {CELL}").partition(f"{CELL} = ")[2]
    assert "w = d · q" in shown
    assert "0.25 · 3" in shown
    assert "d = 0.25, q = 3" in shown
    assert "block 1" in shown


def test_programs_have_it_as_a_derivation(objects):
    facts, made = objects(f"why {CELL}")
    assert (made["kind"], made["address"], made["index"]) == ("derivation", "decoder.0.ffn.hidden.weight", [1, 2])
    assert made["value"] == facts["data"]["value"]
    assert eval(made["expression"]) == 0.75
    assert (made["formula"], made["place"], made["terms"]) == ("w = d · q", "block 1", [])


def test_it_is_that_of_the_cell_in_the_file_whatever_the_parameter_is_asked_for_as(objects):
    _facts, made = objects("why encoder.0.self_attn.k.weight[1,2]")
    assert eval(made["expression"]) == 0.25 * sum(made["index"])


@pytest.mark.parametrize("asked", ["decoder.0.ffn.hidden.weight", "decoder.0.ffn.hidden.weight[1]"])
def test_of_more_than_one_cell_there_is_nothing_to_say(objects, asked):
    assert len(objects(f"why {asked}")) == 1


def test_nor_of_one_that_an_edit_changed(objects):
    assert objects(f"edit {CELL} 2", f"why {CELL}")[-1]["kind"] != "derivation"


def test_nor_where_the_file_has_the_number_as_it_is(model):
    parameter = next(parameter for parameter in model.parameters.values() if parameter.array.ndim == 2)
    assert model.named.made(parameter.leaf(1, 2)) is None
