"""The modules that records are of, by the names of the parameters that they used."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from ..tape import Record
from ..tensor import Parameter

WHOLE = {"weight", "bias", "gamma", "beta"}
"""The parameters of a module that does no more than apply them."""


def module_of(record: Record) -> str:
    """The one module all of whose parameters a record used; empty where there is none."""
    used = [parameter.path.rpartition(".") for parameter in _parameters(record)]
    modules = {module for module, _dot, _name in used}
    return modules.pop() if len(modules) == 1 and {name for *_rest, name in used} <= WHOLE else ""


def common(records: Iterable[Record]) -> str:
    """What the names of the modules have in common whose parameters some records used."""
    used = {parameter.path.rpartition(".")[0] for record in records for parameter in _parameters(record)}
    columns = zip(*(module.split(".") for module in used), strict=False)
    return ".".join(column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns))


def spellings(name: str, base: str) -> Iterable[str]:
    """How the name of a module may be written: as it is, and with the base before it or without."""
    return dict.fromkeys((name, name.removeprefix(base), f"{base}{name}"))


def beside(module: str, name: str) -> str:
    """Another module within the same one."""
    outer, dot, _name = module.rpartition(".")
    return f"{outer}{dot}{name}"


def _parameters(record: Record) -> list[Parameter]:
    return [parameter for _name, parameter in record.trained]
