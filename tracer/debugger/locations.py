"""What an address means from where the cursor stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..addresses import Address, Index, matching
from ..errors import AddressError
from ..i18n import _
from ..run import Run
from ..tape import Record
from ..tensor import Tensor
from .cursor import Cursor


def performed(run: Run, number: int) -> bool:
    """Whether a run has a step of this number; what comes before it, and the step itself, is performed for it."""
    while run.computed < number and not run.ended:
        run.step(run.computed + 1)
    return number <= run.computed


@dataclass(frozen=True)
class Here:
    """A place in a run, from which shortened addresses are looked up outwards and expressions are evaluated.

    ``frame`` counts the scopes between the record and the one to begin with.
    """

    run: Run
    cursor: Cursor
    frame: int = field(default=0, kw_only=True)

    @property
    def record(self) -> Record | None:
        """The record under the cursor, None before the first one."""
        return self.run.step(self.cursor.step).records[self.cursor.index - 1] if self.cursor.index else None

    @property
    def scope(self) -> str:
        """The modules around the record, as a dotted path; without the innermost ``frame`` of them."""
        return ".".join(self.record.address.split(".")[: -1 - self.frame]) if self.record else ""

    @property
    def step(self) -> int:
        """The number of the step."""
        return self.cursor.step

    @property
    def token(self) -> str | None:
        """The piece that the step yields, None for the encoder's pass and where the output is given."""
        return next((token.piece for token in self.run.tokens if token.step == self.step), None)

    def last_row(self, path: str) -> Tensor:
        """[vocab]: of a record [position, vocab] of the step, the row that the next token comes from."""
        return self.find(Address(path)).output.select([Index(-1)])

    def distribution(self) -> Tensor:
        """[vocab]: the model's probabilities of the next token."""
        return self.last_row("probs")

    def lookup(self, address: Address) -> list[Tensor]:
        """The tensors at an address, cut by its selectors; several only for globs. Raises as `matches` does."""
        return [record.output.select(address.selectors) for record in self.matches(address)]

    def find(self, address: Address) -> Record:
        """The record at an address; without a step it lies in the cursor's, or in @0 for a path in the encoder.

        Raises:
            AddressError: nothing stands there, or several records do; or there is no such run.
        """
        number, run = self.step_of(address), self.run_of(address)
        tape = run.step(number) if address.beam is None else run.pass_of(number, address.beam)
        try:
            return tape.find(str(_within_step(address)), self.scope)
        except AddressError as error:
            if address.step is None and tape.number == 0 and self.places(address, 1):
                hint = _(" (the decoder's passes begin at @1: write @1:{path})").format(path=_within_step(address))
                raise AddressError(f"{error}{hint}") from None
            raise

    def matches(self, address: Address) -> Sequence[Record]:
        """Every record that an address stands for, several only if it has globs; raises as `find` does for none."""
        if not address.is_glob or address.beam is not None:
            return [self.find(address)]
        number = self.step_of(address)
        tape = self.run_of(address).step(number)
        records = [tape.records[place.index - 1] for place in self.places(address, number)]
        if not records:
            hint = "" if "**" in address.path else _("; * is one segment of a path, ** any number")
            raise AddressError(
                _("nothing in step @{n} matches {path}{hint}").format(n=number, path=address.path, hint=hint)
            )
        return records

    def places(self, address: Address, number: int) -> list[Cursor]:
        """Where an address stands in a step, in order; nowhere if the step does not come."""
        run = self.run_of(address)
        if not performed(run, number):
            return []
        tape = run.step(number)
        if address.record is not None:
            return [Cursor(number, address.record)] if 1 <= address.record <= len(tape) else []
        paths = matching(address.path, tape.addresses, self.scope)
        return sorted({Cursor(number, tape.find(path).index) for path in paths})

    def run_of(self, address: Address) -> Run:
        """The run in which an address lies.

        Raises:
            AddressError: there is no run of that number.
        """
        if address.run not in (None, 0):
            raise AddressError(_("there is no run r{n}; there is one, r0").format(n=address.run))
        return self.run

    def step_of(self, address: Address) -> int:
        """The number of the step in which an address lies; raises as `run_of` does."""
        self.run_of(address)
        if address.step is not None:
            return address.step
        inside_encoder = address.path and "encoder".startswith(address.path.partition(".")[0])
        return 0 if inside_encoder and self.run.first == 0 else self.cursor.step


def _within_step(address: Address) -> Address:
    return replace(address, run=None, step=None, beam=None, selectors=())
