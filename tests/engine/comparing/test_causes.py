"""Every mistake of the catalogue, made in a port: the comparison finds where, and which it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

import tracer
from tracer.comparing.comparison import Comparison, compare
from tracer.comparing.names import known
from tracer.errors import AddressError
from tracer.mistakes import names
from tracer.tensor import Array

from ...dumped import dump, recorded
from .ported import SOURCE, held, numbers, run_of

MADE_IN = ("gpt2", "llama_gqa", "torch_post", "t5_gated_silu", "bart_tied")
"""Where mistakes are made: the first that has what a mistake can be made in."""
HIDDEN = (len(SOURCE) - 1,)
"""Places that a mask hides, so that there is padding to be seen."""
FROM_0 = "position_offset from_0"
"""Where it can be made, positions are stated."""
ALIKE = ("eps 1e-8", "eps 1e-12")
"""Beside the variances of most rows either of them is nothing."""
MISTAKES = [name for name in names() if name != FROM_0]


@cache
def planted(mistake: str) -> tuple[str, tracer.Run, Mapping[str, Array]]:
    """A checkpoint that a mistake can be made in, its run, and what a port computes that makes it."""
    for family in MADE_IN:
        try:
            return family, run_of(family, *HIDDEN), numbers(family, mistake, hidden=HIDDEN)
        except AddressError:
            continue
    raise AssertionError(f"{mistake} can be made in none of {MADE_IN}")


def compared(run: tracer.Run, arrays: Mapping[str, Array], kind: str = "values") -> Comparison:
    return compare(run.model, dump(run, arrays, kind))


def edited(family: str, mistake: str) -> list[str]:
    """The addresses at which a mistake was made."""
    run = run_of(family, *HIDDEN)
    branch = run.branch(tracer.edit("**", tracer.mistakes.mistake(mistake, run.model.named))).decode()
    return [record.output.address for step in branch for record in step if record.edits]


def explained(found: Comparison) -> list[str]:
    return [str(cause.mistake) for cause in found.verdict.causes] if found.verdict else []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_where_it_was_made(mistake: str) -> None:
    family, run, arrays = planted(mistake)
    found = compared(run, arrays)
    assert mistake in explained(found)
    assert {*explained(found)} <= {mistake, *ALIKE}
    assert found.cause == mistake.partition(" ")[0]
    assert found.verdict is not None
    assert found.verdict.address == next(iter(edited(family, mistake)), "@0:encoder.0.self_attn.q")


def by_modules(run: tracer.Run, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """What modules yield, by their names in the checkpoint; one name for each record."""
    found: dict[str, str] = {}
    for name, records in known(run).items():
        if len(records) == 1 and "inputs" not in name and name.startswith(("model.", "transformer.", "lm_head")):
            found.setdefault(records[0].output.address, name)
    return {name: arrays[address] for address, name in found.items() if address in arrays}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_and_by_the_names_of_modules_between_what_agrees_and_what_does_not(mistake: str) -> None:
    """There are no scores and no weights: what goes wrong between two outputs is found on the way."""
    family, run, arrays = planted(mistake)
    if family == "torch_post":
        return
    found = compared(run, by_modules(run, arrays))
    first = edited(family, mistake)[0]
    assert mistake in explained(found)
    assert found.verdict is not None
    assert first in (found.verdict.address, *found.verdict.suspects)


def test_positions_that_were_not_read_are_found() -> None:
    model = run_of("gpt2").model
    run = tracer.trace(model, ids=SOURCE, target_ids=[9, 4], mask=[0, 0, 1, 1, 1], positions=[1, 1, 0, 1, 2])
    branch = run.branch(tracer.edit("**", tracer.mistakes.mistake(FROM_0))).decode()
    found = compared(run, recorded(branch))
    assert explained(found) == [FROM_0]
    assert found.first == "decoder.embed.positions"


WEAK = ("no_scale", "activation relu", "no_residual", "rope_theta", "swapped k/v", "transposed")


@pytest.mark.parametrize("kind", ["text", "statistics", "hash"])
@pytest.mark.parametrize("mistake", WEAK)
def test_it_is_found_from_printed_numbers_and_from_figures_too(mistake: str, kind: str) -> None:
    family = "llama_gqa" if mistake == "rope_theta" else "gpt2"
    found = held(family, numbers(family, mistake), kind)
    assert mistake in explained(found)
    assert found.verdict is not None
    assert found.verdict.address == edited(family, mistake)[0]


@pytest.mark.parametrize(
    ("mistake", "kind"),
    [("no_causal", "hash"), ("wrong_axis", "hash"), ("head_order", "hash"), ("head_order", "statistics")],
)
def test_figures_that_stay_the_same_do_not_lead_astray(mistake: str, kind: str) -> None:
    """Weights add up to the same whatever they are, and so do heads in another order."""
    found = held("gpt2", numbers("gpt2", mistake), kind)
    assert mistake in explained(found)
    assert found.verdict is not None
    assert found.verdict.address == edited("gpt2", mistake)[0]


@pytest.mark.parametrize("family", ["gpt2", "llama_gqa", "torch_post", "t5_gated_silu"])
def test_none_is_found_where_there_is_none(family: str) -> None:
    found = compared(run_of(family, *HIDDEN), numbers(family, hidden=HIDDEN))
    assert (found.first, found.cause, found.verdict) == (None, None, None)


def test_what_each_leaves_of_the_difference_is_told() -> None:
    found = held("gpt2", numbers("gpt2", "no_scale"))
    assert found.verdict is not None
    [cause] = found.verdict.causes
    assert cause.before > 1
    assert cause.after < 1e-5
    assert found.verdict.left["no_scale"] == cause.after
    left = list(found.verdict.left.values())
    assert left == sorted(left)
    assert {"no_scale", "extra_scale"} <= found.verdict.left.keys() < names().keys()
    assert found.verdict.left["extra_scale"] > 1


@pytest.mark.parametrize("at", ["decoder.0.self_attn.scores", "decoder.1.self_attn.scores"])
def test_a_mistake_in_one_place_alone_is_found_there(at: str) -> None:
    arrays = numbers("gpt2", "no_scale", at)
    few = {name: arrays[name] for name in ("@1:decoder.embed.output", "@1:decoder.norm", "@1:logits")}
    found = held("gpt2", few)
    assert found.verdict is not None
    assert (found.cause, found.first) == ("no_scale", at)
    assert found.verdict.check.address == "@1:decoder.norm"
    assert len(found.verdict.suspects) > 20


def test_a_mistake_that_explains_half_of_it_is_none() -> None:
    both = numbers("gpt2", "no_scale")["@1:decoder.0.self_attn.scores"] + np.float32(0.5)
    found = held("gpt2", {**numbers("gpt2"), "@1:decoder.0.self_attn.scores": both})
    assert found.cause == "unknown"
