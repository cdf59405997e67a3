from inspect import signature

import pytest

from tracer.ops import Operation, catalogue


@pytest.mark.parametrize("op", catalogue().values(), ids=repr)
def test_every_operation_explains_itself(op: Operation) -> None:
    assert op.name
    assert op.formula.strip()
    assert op.latex.strip()
    assert op.reference.strip()
    assert type(op).__doc__
    assert (op.formula + op.latex).isprintable()
    assert op.latex.count("{") == op.latex.count("}")
    assert op.latex.count(r"\left") == op.latex.count(r"\right")


@pytest.mark.parametrize("op", catalogue().values(), ids=repr)
def test_a_symbol_of_an_argument_stands_in_the_formula(op: Operation) -> None:
    arguments = signature(op.forward).parameters
    for argument, symbol in op.symbols.items():
        assert argument in arguments
        assert symbol in op.formula + op.latex


@pytest.mark.parametrize("op", catalogue().values(), ids=repr)
def test_every_operation_computes_and_derives(op: Operation) -> None:
    assert type(op).forward is not Operation.forward
    assert type(op).derive is not Operation.derive


def test_every_operation_is_in_the_catalogue_under_a_name_of_its_own() -> None:
    defined = {kind for kind in _descendants(Operation) if kind.__module__.startswith("tracer.ops")}
    listed = [type(op) for op in catalogue().values()]
    assert set(listed) == {kind for kind in defined if "formula" in vars(kind)}
    assert len(set(listed)) == len(listed)
    assert all(name == op.name for name, op in catalogue().items())


def _descendants(kind: type) -> set[type]:
    below: set[type] = set(kind.__subclasses__())
    return below.union(*map(_descendants, below))
