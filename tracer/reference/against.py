"""An array of a reference against the record that has the same here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from ..derive import derive
from ..differences import Difference, sizes
from ..i18n import N_, Message
from ..ops.attention import is_hidden
from ..run import Run
from ..tape import Record
from ..tensor import Array, Tensor
from ..unhidden import unhidden
from .checks import Check
from .file import STORED, Reference
from .passes import Pass
from .rounding import Rounding
from .shapes import Fitted, fitted


def against(
    name: str, record: Record, run: Run, reference: Reference, given: Pass, rounding: Rounding
) -> Iterator[Check]:
    """An array against a record, at the places that are no padding; nothing where all are."""
    tensor, stored = record.output, reference.stored(name)
    is_weight = record.address.endswith("_attn.weights")
    row = given.row if given.rows > 1 else None
    if prod(reference.shape(name)) == 1 < tensor.array.size:
        return
    theirs = reference.read(name, given)
    fit = None if theirs is None else fitted(theirs, tensor, is_module="module/" in name)
    if fit is None:
        why = _shapes(reference.shape(name), tensor)
        yield Check(name, tensor.path, np.inf, 0.0, row=row, why=why, at=tensor.at)
        return
    kept = np.broadcast_to(unhidden(run, record, keys=not is_weight), tensor.shape)[fit.where]
    if not kept.any():
        return
    allowed = rounding.allowed(record, fit.where, kept)
    if record.address == "logits":
        allowed = max(allowed, reference.noise)
    ours = tensor.array[fit.where].astype(np.float64)
    there = np.where(is_hidden(ours) & is_hidden(fit.theirs), ours, fit.theirs)
    cell, lost = _farthest(ours, there, kept, STORED.get(stored, 0.0), allowed)
    cell = cell._replace(place=tuple(a + (cut.start or 0) for a, cut in zip(cell.place, fit.where, strict=True)))
    check = Check(name, tensor.path, cell.size, allowed + lost, cell, row, stored if lost else "", at=tensor.at)
    if is_weight and not check.holds:
        check = check._replace(why=_looked_at(run, record, fit, kept & (sizes(ours, there) > check.allowed)))
    yield check


def _farthest(ours: Array, theirs: Array, kept: Array, share: float, allowed: float) -> tuple[Difference, float]:
    """The cell in which two arrays differ most, and how much of that was lost when theirs was stored.

    That is a ``share`` of the number at most. The cell is one that differs by more than is allowed, or where the
    difference is no number, if there is one.
    """
    lost = share * np.where(np.isfinite(theirs), np.abs(theirs), 0.0)
    apart = np.where(kept, sizes(ours, theirs), -1.0)
    place = np.unravel_index(np.argmax(apart - lost), ours.shape)
    if apart[place] <= allowed + lost[place]:
        place = np.unravel_index(np.argmax(apart), ours.shape)
    return Difference(tuple(map(int, place)), float(ours[place]), float(theirs[place])), float(lost[place])


def _shapes(theirs: Sequence[int], tensor: Tensor) -> Message:
    """That two shapes differ, and whether one is the other in another order."""
    here = ", ".join(f"{axis} {n}" for axis, n in zip(tensor.axes, tensor.shape, strict=True))
    is_turned = sorted(n for n in theirs if n > 1) == sorted(n for n in tensor.shape if n > 1)
    told = (
        N_("the shapes differ: {theirs} there, {here} here, in another order")
        if is_turned
        else N_("the shapes differ: {theirs} there, {here} here")
    )
    return told.format(theirs=f"[{', '.join(map(str, theirs))}]", here=f"[{here}]")


def _looked_at(run: Run, record: Record, fit: Fitted, differs: Array) -> str:
    """That a key is hidden on one side alone, where that makes weights differ."""
    mask = run[record.step].tape.find(f"{record.scope}.mask")
    hides = is_hidden(mask.output.array)[fit.where[1:]]
    for query, key in np.argwhere((differs & hides & (fit.theirs > 0)).any(0))[:1]:
        reason = derive(mask, (query + fit.where[1].start, key)).note
        return N_("key {key} is looked at there, and here {reason}").format(key=key, reason=reason)
    for _query, key in np.argwhere((differs & ~hides & (fit.theirs == 0)).any(0))[:1]:
        return N_("key {key} is hidden there, and looked at here").format(key=key)
    return ""
