"""Names of tensors as wrappers change them."""

from __future__ import annotations

from tracer.checkpoints.safetensors import SafetensorsFile
from tracer.checkpoints.wrappers import unwrapped
from tracer.decisions import Decisions

from ..conftest import FIXTURES


def names(*given: str) -> tuple[list[str], list[str]]:
    """The names that tensors of these get, and what is said."""
    (stored, *_others) = SafetensorsFile(FIXTURES / "gpt2_untied" / "model.safetensors").entries.values()
    decisions = Decisions()
    found = unwrapped({name: stored.called(name) for name in given}, decisions)
    assert [tensor.name for tensor in found.values()] == list(found)
    return list(found), [str(decision.what) for decision in decisions]


def test_names_without_a_wrapper_stay() -> None:
    assert names("a.module.weight", "module") == (["a.module.weight", "module"], [])
    assert names("module.a", "b") == (["module.a", "b"], [])
    assert names() == ([], [])


def test_wrappers_are_left_out_in_whatever_order() -> None:
    told = "read without the _orig_mod.module. before every name"
    assert names("_orig_mod.module.a", "_orig_mod.module.b") == (["a", "b"], [told])
