"""What an edit is of, among the records of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..addresses import GRADIENT, Address, UnknownAddressError, matching
from ..errors import AddressError, InputError, SelectorError
from ..i18n import _
from ..tape import Record, Tape
from .call import Call
from .edit import Edit, applied

CHOICE = "choice"
"""The id that is chosen."""


def placed(edit: Edit, kinds: Sequence[Tape], tapes: Iterable[Tape]) -> tuple[int, Edit]:
    """The first of some tapes that has the cells of an edit, and the edit with the records that it is of.

    ``kinds`` are tapes that have between them all the records that there may be.

    Raises:
        AddressError: nothing is recorded there, or it has no such cells.
        InputError: what it puts in does not fit there.
    """
    meant = [record for tape in kinds for record in _meant(edit.address, tape)]
    _check_forward(edit.address, meant)
    paths = {record.address for record in meant if edit.value.is_of(record)}
    if not paths:
        known = [name for tape in kinds for name in tape.addresses]
        raise edit.value.nowhere(edit.address, known) if meant else UnknownAddressError(edit.address.path, known)
    found = replace(edit, paths=frozenset(paths))
    failure: AddressError | None = None
    for tape in tapes:
        try:
            records = [record for record in tape if record.address in paths]
            for record in records:
                record.output.locate(edit.address.selectors)
        except SelectorError as error:
            failure = failure or error
            continue
        if records:
            for record in records:
                there = found.within({path: tape.find(path).output for path in edit.value.beside})
                applied([there], Call.of(record), record.output)
            return tape.number, found
    raise failure or AddressError(_("{address} comes in no step").format(address=edit.address))


def _check_forward(address: Address, meant: Sequence[Record]) -> None:
    """Insist that an edit is of what models compute."""
    if any(record.address.startswith(GRADIENT) for record in meant):
        raise of_a_gradient(address)


def of_a_gradient(address: Address) -> InputError:
    """What is wrong with an edit of a gradient."""
    told = _("{address} is a gradient, which follows from what was computed; an edit is of that")
    return InputError(told.format(address=address))


def _meant(address: Address, tape: Tape) -> list[Record]:
    """The records of a tape that an address stands for, whichever step it names; none where there are none."""
    if address.record is not None:
        return [tape.numbered(address.record)]
    names = tape.addresses
    found = [address.path] if address.path in names else matching(address.path, names)
    if len(found) > 1 and not address.is_glob:
        return [tape.resolve(Address(address.path))]
    return [tape.find(path) for path in found]
