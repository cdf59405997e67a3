"""Where two implementations part first, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import tracer
from tracer.comparing.comparison import Comparison, compare
from tracer.comparing.verdict import Verdict
from tracer.i18n import spoken
from tracer.mistakes import mistake

from ...dumped import dump, recorded
from .ported import held, numbers, run_of, tampered

HIDDEN, OUTPUT = "@1:decoder.0.ffn.hidden", "@1:decoder.0.ffn.output"
SCORES, Q = "@1:decoder.0.self_attn.scores", "@1:decoder.0.self_attn.q"


def some(mistake: str, *names: str, family: str = "gpt2") -> Comparison:
    """A port with a mistake, of which the dump has some tensors alone."""
    arrays = numbers(family, mistake)
    return held(family, {name: arrays[name] for name in names})


def verdict(found: Comparison) -> Verdict:
    assert found.verdict is not None
    return found.verdict


def names(told: Sequence[str]) -> list[str]:
    return [name.rpartition(".")[2] for name in told]


def test_what_agrees_has_none() -> None:
    assert held("gpt2", numbers("gpt2")).verdict is None


def test_where_the_operation_before_is_there_it_is_the_one() -> None:
    found = verdict(held("gpt2", numbers("gpt2", "no_scale")))
    assert (found.address, found.suspects, found.check.address) == (SCORES, [SCORES], SCORES)
    assert (found.first, found.cause) == ("decoder.0.self_attn.scores", "no_scale")


def test_else_it_is_one_of_those_between_what_agrees_and_what_does_not() -> None:
    found = verdict(some("no_scale", "@1:decoder.0.self_attn.norm", "@1:decoder.0.self_attn.weights", "@1:logits"))
    assert names(found.suspects) == ["qkv", "q", "k", "scores", "mask", "masked", "weights"]
    assert (found.address, found.check.path) == (SCORES, "decoder.0.self_attn.weights")
    unknown = verdict(held("gpt2", {**numbers("gpt2"), "@1:decoder.0.self_attn.weights": noisy("weights")}))
    assert names(unknown.suspects) == ["weights"]


def noisy(name: str) -> np.ndarray:
    array = numbers("gpt2")[f"@1:decoder.0.self_attn.{name}"]
    return array * np.random.default_rng(0).uniform(0.5, 1.5, array.shape).astype(np.float32)


def test_what_agrees_by_its_text_bounds_it_too() -> None:
    arrays = numbers("gpt2", "no_scale")
    wanted = (Q, "@1:decoder.0.self_attn.k", "@1:decoder.0.self_attn.weights")
    found = verdict(held("gpt2", {name: arrays[name] for name in wanted}, "text"))
    assert names(found.suspects) == ["scores", "mask", "masked", "weights"]
    assert found.address == SCORES


def test_of_the_whole_the_logits_alone_tell() -> None:
    found = verdict(some("no_scale", "@1:logits"))
    assert (found.cause, found.address, found.check.path) == ("no_scale", SCORES, "logits")
    assert len(found.suspects) == 41


def test_the_others_are_told_with_what_explains_them() -> None:
    found = verdict(held("gpt2", numbers("gpt2", "no_scale")))
    assert explained(found) == {"@1:decoder.1.self_attn.scores": "no_scale"}
    tampered_with = tampered(numbers("gpt2", "no_scale"), "@1:decoder.1.ffn.hidden")
    assert explained(verdict(held("gpt2", tampered_with))) == {
        "@1:decoder.1.self_attn.scores": "no_scale",
        "@1:decoder.1.ffn.hidden": "None",
        "@1:decoder.1.ffn.activated": "None",
    }


def explained(found: Verdict) -> dict[str, str]:
    """The further differences, and the mistakes that explain them."""
    return {other.address: str(other.mistake) for other in found.others}


def test_another_mistake_explains_another_difference() -> None:
    run = run_of("gpt2")
    edits = [
        tracer.edit("decoder.0.self_attn.scores", mistake("no_scale", run.model.named)),
        tracer.edit("decoder.1.ffn.activated", mistake("gelu_variant", run.model.named)),
    ]
    found = verdict(held("gpt2", recorded(run.branch(*edits).decode())))
    assert (found.address, found.cause) == (SCORES, "no_scale")
    assert explained(found) == {"@1:decoder.1.ffn.activated": "gelu_variant erf"}


def test_ours_and_theirs_stand_beside_each_other() -> None:
    found = verdict(held("gpt2", numbers("gpt2", "no_scale")))
    assert found.beside is not None
    ours, theirs = found.beside
    assert np.allclose(theirs.array, numbers("gpt2", "no_scale")[SCORES])
    assert np.allclose(ours.array * 12**0.5, theirs.array, rtol=1e-4, atol=1e-4)
    weak = verdict(held("gpt2", numbers("gpt2", "no_scale"), "text"))
    assert weak.beside is None


@pytest.mark.parametrize(
    ("change", "clue"),
    [
        (lambda x: -x, "theirs is ours with the other sign"),
        (lambda x: 1.5 * x, "theirs is 1.5 × ours"),
        (lambda x: x + 1, "theirs is ours + 1 everywhere"),
        (lambda x: x[:, ::-1], "theirs is ours with feature in the order 191, 190, 189"),
        (lambda x: np.where(np.arange(9)[:, None] > 6, x + np.sin(x), x), "only position 7–8 differs"),
    ],
)
def test_what_is_known_of_a_difference_that_nothing_explains(change: object, clue: str) -> None:
    arrays = {**numbers("gpt2"), HIDDEN: change(numbers("gpt2")[HIDDEN]).astype(np.float32)}  # type: ignore[operator]
    found = verdict(held("gpt2", arrays))
    assert (found.cause, found.causes, found.address) == ("unknown", [], HIDDEN)
    assert any(spoken(known).startswith(clue) for known in found.known)
    assert found.left


def test_nothing_is_known_of_printed_numbers_but_that_they_differ() -> None:
    arrays = {**numbers("gpt2"), HIDDEN: 1.5 * numbers("gpt2")[HIDDEN]}
    found = verdict(held("gpt2", arrays, "text"))
    assert (found.cause, found.known) == ("unknown", [])


def test_another_shape_is_where_they_part_if_nothing_else_differs() -> None:
    found = verdict(held("gpt2", {**numbers("gpt2"), "@1:logits": numbers("gpt2")["@1:logits"][:, :-1]}))
    assert (found.first, found.cause, found.left, found.scene) == ("logits", "unknown", {}, None)
    assert found.beside is None
    odd = {**numbers("gpt2"), Q: numbers("gpt2")[Q][:, :-1], "@1:decoder.0.self_attn.weights": noisy("weights")}
    assert verdict(held("gpt2", odd)).address == Q
    both = verdict(held("gpt2", {**numbers("gpt2", "no_scale"), Q: numbers("gpt2")[Q][:, :-1]}))
    assert (both.first, both.cause) == ("decoder.0.self_attn.scores", "no_scale")


def test_padding_gives_no_clue() -> None:
    run = run_of("gpt2", 0)
    arrays = {name: np.array(array) for name, array in numbers("gpt2", hidden=(0,)).items()}
    arrays[HIDDEN] *= 1.5
    arrays[HIDDEN][0] = 99
    found = verdict(compare(run.model, dump(run, arrays)))
    assert [spoken(known) for known in found.known][:1] == ["theirs is 1.5 × ours"]
