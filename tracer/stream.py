"""The residual stream: what each sublayer adds to it, and what of one of them another sees along it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .addresses import Address, Selector, matching
from .alignment import TOKENS
from .dataclass import dataclass
from .edits import CHOICE, Edit, OfRun
from .tape import Record, Tape
from .tensor import Tensor
from .trace import Trace

if TYPE_CHECKING:
    from .run import Run

RESIDUAL = "residual"
"""What a record is called in which the output of a sublayer is added to what the sublayer was given."""


def additions(tape: Tape, scope: str = "") -> list[Record]:
    """The records in which something is added to the stream, within a module."""
    inside = f"{scope}." if scope else ""
    return [record for record in tape.forward if record.name == RESIDUAL and record.address.startswith(inside)]


@dataclass(frozen=True, eq=False)
class Seen(OfRun):
    """What a receiver has in a run made for it, in steps that read the same tokens; ``source`` is where it comes from.

    Other steps are left as they are.
    """

    source: Sequence[Trace] = ()

    def put(self, computed: Tensor, selectors: Sequence[Selector]) -> Tensor | None:
        found = super().put(computed, selectors)
        return found if found is not None and _tokens(found) == _tokens(computed) else None

    @property
    def runs(self) -> Sequence[Trace]:
        return self.source


def seen(run: Run, sender: Edit, receiver: Address) -> Seen:
    """What a receiver has when a sender is edited, every other sublayer adds what it adds, and the text is the run's.

    Only the sublayers of the two compute what they do. It is what the receiver sees of the sender directly.

    Raises:
        AddressError: one of the two is recorded nowhere.
        InputError: the edit does not fit.
    """
    own = {path.rpartition(".")[0] for path in (*_paths(run, sender.address), receiver.path)}
    held = [Edit(Address(path), OfRun(run)) for path in _added(run) if path.rpartition(".")[0] not in own]
    chosen = [Edit(Address(CHOICE), OfRun(run))] if run.chooses else []
    return Seen(run.branch(sender, *held, *chosen).decode(), text=str(sender), source=sender.value.runs)


def _paths(run: Run, address: Address) -> Iterator[str]:
    """The paths that an address stands for."""
    for number in run.begins.values():
        yield from matching(address.path, run.step(number).addresses)


def _added(run: Run) -> Iterator[str]:
    """The paths of what the sublayers add."""
    for number in run.begins.values():
        yield from (record.inputs[1].path for record in additions(run.step(number)))


def _tokens(tensor: Tensor) -> list[Sequence[str] | None]:
    """The tokens along each axis of them."""
    return [axis.labels and list(axis.labels) for axis in tensor.dims if axis.name in TOKENS]
