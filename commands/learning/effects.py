"""What edits have done to the current run of a session: where they hold, and what is other than in its parent."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import partial
from itertools import starmap

import numpy as np

from tracer.addresses import Address
from tracer.debugger.locations import Here, performed
from tracer.errors import InputError, SelectorError
from tracer.i18n import _
from tracer.tape import Record
from tracer.trace import Trace

from ..session import Session


def is_edited(session: Session, address: Address) -> bool:
    """Whether edits hold in all the cells at an address, in the step that it names or in one that was computed."""
    here, run = session.here, session.here.run_of(address)
    numbers = run.numbers if address.step is None else (address.step,)
    places = (place for number in numbers for place in here.places(address, number))
    records = (run.step(place.step).records[place.index - 1] for place in places)
    return any(_is_edited(record, address) for record in records)


def _is_edited(record: Record, address: Address) -> bool:
    """Whether edits put something into all the cells of a record that an address asks for; not where it lacks them."""
    marked = np.zeros(record.output.shape, bool)
    for one in record.edits:
        marked[one.where] = True
    with suppress(SelectorError):
        return bool(marked[record.output.locate(address.selectors)].all())
    return False


def is_changed(session: Session, address: Address) -> bool:
    """Whether a number at an address, of a record or a parameter, is another one than in the run it is a branch of.

    Raises:
        AddressError: nothing stands there in one of the two.
        InputError: the run is no branch.
    """
    before, after = ([tensor.array for tensor in here.lookup(address)] for here in _two(session))
    return len(before) != len(after) or not all(starmap(_equal, zip(before, after, strict=True)))


_equal = partial(np.array_equal, equal_nan=True)


def says_something_else(session: Session) -> bool:
    """Whether the output is another one than in the run it is a branch of; raises `InputError` where it is none."""
    before, after = (_said(here.run) for here in _two(session))
    return before != after


def _two(session: Session) -> tuple[Here, Here]:
    """The place of the cursor in the run that the current one is a branch of, and in that."""
    here, parent = session.here, session.run.parent
    if parent is None:
        raise InputError(
            _("nothing was changed in r{n}, so there is nothing to hold it against").format(n=session.number)
        )
    return Here(parent, here.cursor), here


def _said(run: Trace) -> list[int]:
    """The ids of the whole output."""
    performed(run, math.inf)
    return [token.id for token in run.tokens]
