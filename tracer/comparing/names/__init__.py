"""What dumps call the records of a run: one convention a file, found where they stand.

A convention is a function ``names(tapes, base)`` that yields pairs of a name and a record, for every name that it has
for a record of those passes; ``base`` is the prefix of the names of parameters that some files leave out. A name is
that of a module of transformers, with nothing more where its output is meant, with ``.output.1``, ``.inputs.0`` or
``.inputs.attention_mask`` where something else is; or any other string. Where a name may be of several records, the one
that comes first is the likeliest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules

from ...run import Run
from ...tape import Record


def known(run: Run) -> Mapping[str, Sequence[Record]]:
    """The records that every name may be of, the likeliest first; those of all steps of a run."""
    found: dict[str, dict[int, Record]] = {}
    tapes = [step.tape for step in run.steps]
    for module in iter_modules(__path__):
        convention = import_module(f"{__name__}.{module.name}")
        for name, record in convention.names(tapes, run.model.architecture.base):
            found.setdefault(name, {}).setdefault(id(record), record)
    return {name: list(records.values()) for name, records in found.items()}
