"""What every part of a model adds to a logit: a sum along direct paths, in which the deviation of each norm stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..addresses import Address, At, Index
from ..dataclass import dataclass
from ..errors import AddressError, InputError
from ..i18n import N_, _
from ..operation import Weighed
from ..ops.activation import Softcap
from ..tape import Record, Tape
from ..tensor import HEAD, SLOT, Array, Located, Parameter, Tensor
from ..trace import Trace
from .layers import LOGITS, STACKS
from .method import Trust, method


class Part(NamedTuple):
    """What a row of a record adds, or a head, an expert or a bias; ``name`` is what it is called in its ``module``."""

    address: Address
    module: str
    name: str
    value: float


class Group(NamedTuple):
    """The parts of one module, the largest first, and what they come to together."""

    module: str
    parts: tuple[Part, ...]
    value: float


@dataclass(frozen=True)
class Contributions:
    """A logit as a sum of parts: that of ``token``, or how much larger it is than that of ``rival``.

    ``of`` is the record of the logits, where these are capped that of the values before, and ``place`` its row.
    """

    token: int
    rival: int | None
    of: Record
    place: int
    value: float
    parts: tuple[Part, ...]

    @property
    def at(self) -> At:
        """The pass."""
        return self.of.at

    @property
    def total(self) -> float:
        """What the parts come to."""
        return _sum(self.parts)

    @property
    def remainder(self) -> float:
        """What they leave, which is rounding."""
        return self.value - self.total

    @property
    def is_capped(self) -> bool:
        """Whether the logits are capped, and these the values before."""
        return self.of.address != LOGITS

    @property
    def ordered(self) -> list[Part]:
        """The parts, the largest first."""
        return sorted(self.parts, key=lambda part: -abs(part.value))

    @property
    def groups(self) -> list[Group]:
        """The parts by their modules, the largest sum first."""
        found: dict[str, list[Part]] = {}
        for part in self.ordered:
            found.setdefault(part.module, []).append(part)
        groups = [Group(module, tuple(parts), _sum(parts)) for module, parts in found.items()]
        return sorted(groups, key=lambda group: -abs(group.value))


def _sum(parts: Sequence[Part]) -> float:
    return float(sum(part.value for part in parts))


@method(
    formula="z = Σ c · ∂z/∂c, σ fixed",
    latex=r"z = \sum_c c \cdot \left.\frac{\partial z}{\partial c}\right|_{\sigma}",
    reference="Elhage et al. 2021; Mickus, Paperno & Constant 2022, eq. 4",
    trust=Trust.SUM,
    leaves_out=N_(
        "direct paths only: what a part does by way of later layers counts as theirs, and every norm divides by what "
        "it did here; it does not prove what the logit would be without the part"
    ),
)
def contributions(
    trace: Trace, token: int, rival: int | None = None, *, step: int | None = None, position: int = -1
) -> Contributions:
    """The logit of a token at a row of a step, or its lead over a rival's, as the sum of what each part adds.

    Parts are embeddings, heads, feed-forwards, of a mixture each expert, and biases. A logit that is capped is taken
    before. The step is the last one there is, unless one is named; one made with a cache has its own rows alone.

    Raises:
        AddressError: the step has no logits, or a record or a parameter on the way was not kept.
        InputError: there is no such row or token, or the rival is the token; or the logits are no sum of what the
            layers yield.
    """
    tape = trace.step(trace.computed if step is None else step)
    of = _uncapped(tape)
    place, size = _place(of, position), of.output.shape[-1]
    if rival == token:
        raise InputError(_("a token has no lead over itself; name another after not"))
    signs = {token: 1.0} if rival is None else {token: 1.0, rival: -1.0}
    for one in signs:
        if not 0 <= one < size:
            raise InputError(_("there is no token {id}; the logits are of {n}").format(id=one, n=size))
    factors = np.zeros(size)
    factors[list(signs)] = list(signs.values())
    value = float(sum(sign * float(of.output.array[place, one]) for one, sign in signs.items()))
    parts = tuple(_parts(tape, of, Weighed(of.output, (place, slice(None)), factors)))
    _insist(of, parts)
    return Contributions(token, rival, of, place, value, parts)


def _uncapped(tape: Tape) -> Record:
    """The record of the logits, or of the values before a cap."""
    logits = tape.find(LOGITS)
    is_capped = isinstance(logits.op, Softcap) and not logits.edits
    return tape.find(logits.inputs[0].path) if is_capped else logits


def _place(of: Record, position: int) -> int:
    """A row, counted from 0."""
    rows = of.output.shape[0]
    if not -rows <= position < rows:
        told = _("there is no row {position}; {address} has {n}")
        raise InputError(told.format(position=position, address=of.output.address, n=rows))
    return position % rows


def _insist(of: Record, parts: tuple[Part, ...]) -> None:
    """Raise `InputError` where no way back from the logits comes to a layer."""
    if any(part.module.startswith(tuple(f"{stack}." for stack in STACKS)) for part in parts):
        return
    told = _("{logits} is no sum of what the layers yield: the way back ends at {address}")
    ends = max(parts, key=lambda part: abs(part.value)).address
    raise InputError(told.format(logits=of.output.address, address=ends))


def _parts(tape: Tape, of: Record, row: Weighed) -> Iterator[Part]:
    """What the records add at which the ways back from a row end, and the biases on them."""
    waiting = {of.address: row}
    for record in reversed(tape.records[: of.index]):
        weighed = waiting.pop(record.address, None)
        if weighed is None:
            continue
        further = _direct(record, weighed)
        if not further:
            yield from _ends(record, weighed)
        for one in further:
            if isinstance(one.tensor, Parameter):
                yield _bias(record, one)
            else:
                _wait(waiting, one)
    for one in waiting.values():
        told = _("{address} was not recorded here, which lies between the layers and the logits")
        raise AddressError(told.format(address=one.tensor.address))


def _direct(record: Record, row: Weighed) -> list[Weighed]:
    """What a row is a sum of; nothing where it is none, or was edited."""
    if record.edits or not record.explains:
        return []
    return list(record.op.direct(row.where, row.factors, *record.inputs, **record.parameters))


def _wait(waiting: dict[str, Weighed], one: Weighed) -> None:
    """Add what leads to a record to what does so already."""
    known = waiting.get(one.tensor.path)
    waiting[one.tensor.path] = one if known is None else known._replace(factors=known.factors + one.factors)


def _bias(record: Record, one: Weighed) -> Part:
    """What a bias adds, under the name of the record that reads it."""
    path = f"{record.address}.bias"
    return Part(Address(path), *_named(path), float(_terms(one, one.tensor).sum()))


def _ends(record: Record, one: Weighed) -> Iterator[Part]:
    """What a record adds, each head or expert by itself."""
    module, name = _named(record.address)
    sums = _terms(one, record.output).sum(-1)
    for index in np.ndindex(sums.shape):
        places = _places(one.where, index)
        at = Address.of(record.address, record.at, places)
        heads = (axis.name == HEAD.name for axis in record.output.dims)
        selectors = tuple(Index(place, head) for place, head in zip(places, heads, strict=False))
        address = Address(at.path, at.step, None, selectors, at.beam)
        yield Part(address, module, _member(record, name, places), float(sums[index]))


def _terms(one: Weighed, tensor: Tensor) -> Array:
    found: Array = one.factors * tensor.array[one.where].astype(np.float64)
    return found


def _places(where: Located, index: tuple[int, ...]) -> list[int]:
    """The place on each axis but the last, of which some are those of a part."""
    split = iter(index)
    return [place if isinstance(place, int) else next(split) for place in where[:-1]]


def _named(path: str) -> tuple[str, str]:
    """The module that a record is of, and what it is called there: ``decoder.0.ffn`` and ``output.bias``."""
    segments = path.split(".")
    depth = 3 if len(segments) > 3 and segments[1].isdigit() else min(2, len(segments) - 1)
    return ".".join(segments[:depth]) or path, ".".join(segments[depth:])


def _member(record: Record, name: str, places: list[int]) -> str:
    """What a part is called: a head by its number, an expert by that of its own."""
    axes = [axis.name for axis in record.output.dims]
    if HEAD.name in axes:
        return f"h{places[axes.index(HEAD.name)]}"
    if SLOT.name in axes:
        chosen = next(tensor for tensor in record.inputs if tensor.dims[-1] == SLOT)
        return _("expert {n}").format(n=chosen.array[tuple(places)])
    return name
