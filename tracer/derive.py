"""One cell -> the arithmetic it came from, and that of its operands in turn, down to parameters and tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

import numpy as np

from .addresses import At
from .arithmetic import Foreign, Given, Leaf, Named, Node, Noted, Sum, Terms
from .dataclass import dataclass
from .errors import AddressError
from .namedtuple import NamedTuple
from .ops.attention import is_hidden
from .tape import Record, Tape
from .tensor import Tensor
from .trace import Trace

Cell = tuple[At | None, str, tuple[int, ...], int]

MOST = 200
"""So many cells at most are derived for one explanation."""


@dataclass(frozen=True)
class Derivation:
    """A recorded cell and the expression, over recorded cells and parameters, that yields it.

    ``note`` is what there is to say of how its operands were found, or why its value is what it is.
    """

    record: Record
    index: tuple[int, ...]
    expression: Node
    note: str = ""

    @property
    def address(self) -> str:
        """Where the cell was recorded, with its step."""
        return self.record.output.address

    @property
    def value(self) -> float:
        """The recorded value."""
        return float(self.record.output.array[self.index])

    @property
    def formula(self) -> str:
        """The operation's formula in symbols, as it holds for the record."""
        return self.record.written.formula

    @property
    def terms(self) -> list[Leaf]:
        """The recorded cells and parameters of the expression, left to right, each once."""
        return _each_once(self.expression.leaves())

    @property
    def operands(self) -> list[Leaf]:
        """The cells to ask about next: those that stand alone, and, of a sum over a row, those of its largest term."""
        return _each_once(_leading(self.expression))


def derive(record: Record, index: tuple[int, ...]) -> Derivation:
    """The derivation of the cell of ``record`` at ``index``, an integer for every axis."""
    node = record.derive(index)
    return (
        Derivation(record, index, node.node, node.note) if isinstance(node, Noted) else Derivation(record, index, node)
    )


def record_of(run: Trace, leaf: Leaf) -> Record | None:
    """The record that a leaf is a cell of, in whatever step and run it was made; None for a parameter."""
    return None if leaf.at is None else (leaf.run or run).at(leaf.at).find(leaf.path)


def hidden_by(cell: Leaf, tape: Tape) -> str:
    """Why a recorded cell is hidden, followed back to the record that made it so; nothing where the tape has none."""
    if cell.at != tape.at:
        return ""
    derivation = derive(tape.find(cell.path), cell.index)
    hidden = (leaf for leaf in derivation.terms if is_hidden(np.asarray(leaf.value)))
    return derivation.note or next((hidden_by(leaf, tape) for leaf in hidden), "")


class Place(NamedTuple):
    """Where a cell lies on an axis that has labels."""

    axis: str
    number: int
    label: str


@dataclass
class Explanation:
    """A cell, its derivation if it has been worked out, and the explanations of its operands.

    ``places`` are those that have labels. ``is_repeated`` says that the same cell is derived elsewhere in the
    tree; ``is_cut``, that the tree has grown too large to go on.
    """

    leaf: Leaf
    places: Sequence[Place] = ()
    record: Record | None = None
    derivation: Derivation | None = None
    operands: list[Explanation] = field(default_factory=list)
    is_repeated: bool = False
    is_cut: bool = False

    def derivations(self) -> Iterator[Derivation]:
        """Every derivation of the tree, from the top down."""
        if self.derivation is not None:
            yield self.derivation
        for operand in self.operands:
            yield from operand.derivations()

    def cells(self) -> Iterator[Leaf]:
        """Every operand in the tree, from the top down: what may be asked about next."""
        for operand in self.operands:
            yield operand.leaf
            yield from operand.cells()


class Explainer:
    """Explains cells of one run."""

    def __init__(self, run: Trace) -> None:
        self._run = run

    def explain(self, record: Record, index: tuple[int, ...], depth: int, run: Trace | None = None) -> Explanation:
        """The cell of ``record`` at ``index``, derived ``depth`` levels deep; only operands on the way are touched.

        ``run`` is the one that it is of, where that is another one.
        """
        leaf = record.output.leaf(*index)
        root = self._found(leaf if run in (None, self._run) else _foreign(leaf, run))
        derived: set[Cell] = set()
        level = [root]
        for _level in range(depth):
            level = [operand for explanation in level for operand in self._grown(explanation, derived)]
        return root

    def reasons(self, derivation: Derivation) -> list[str]:
        """What there is to say of the operands that stand alone, and of those behind them.

        An operand that is the only one is followed to where it comes from, however far that is.
        """
        return list(dict.fromkeys(self._reasons(derivation.expression, 2)))

    def _grown(self, explanation: Explanation, derived: set[Cell]) -> list[Explanation]:
        if explanation.record is None:
            return []
        cell = _cell(explanation.leaf)
        explanation.is_repeated = cell in derived
        explanation.is_cut = not explanation.is_repeated and len(derived) >= MOST
        if explanation.is_repeated or explanation.is_cut:
            return []
        derived.add(cell)
        explanation.derivation = derive(explanation.record, explanation.leaf.index)
        explanation.operands = [
            self._found(_of_run(leaf, explanation.leaf)) for leaf in explanation.derivation.operands
        ]
        return explanation.operands

    def _found(self, leaf: Leaf) -> Explanation:
        record = record_of(self._run, leaf)
        if record is not None:
            return Explanation(leaf, places_of(record.output, leaf.index), record)
        parameter = self._run.parameters.get(leaf.path)
        return Explanation(leaf, places_of(parameter, leaf.index) if parameter is not None else ())

    def _reasons(self, node: Node, depth: int) -> Iterator[str]:
        leaves = _each_once(_alone(node))
        below = depth - (len(leaves) > 1)
        for leaf in leaves if below >= 0 and not any(leaf.run for leaf in leaves) else ():
            behind = self._behind(leaf)
            if behind is not None:
                yield from (
                    [f"{behind.record.name}: {behind.note}"] if behind.note else self._reasons(behind.expression, below)
                )

    def _behind(self, leaf: Leaf) -> Derivation | None:
        """Where an operand comes from; None for a parameter, and where those of its operation were not kept."""
        record = record_of(self._run, leaf)
        try:
            return None if record is None else derive(record, leaf.index)
        except AddressError:
            return None


def places_of(tensor: Tensor, index: tuple[int, ...]) -> list[Place]:
    """Where a cell lies, on each axis that has labels."""
    places = zip(tensor.dims, index, strict=True)
    return [Place(axis.name, i, axis.labels[i]) for axis, i in places if axis.labels is not None]


def _of_run(leaf: Leaf, reader: Leaf) -> Leaf:
    """An operand of a cell, as one of the run that the cell is of."""
    is_elsewhere = reader.run is not None and leaf.run is None and leaf.at is not None
    return _foreign(leaf, reader.run) if is_elsewhere else leaf


def _foreign(leaf: Leaf, run: Trace | None) -> Leaf:
    return Foreign(leaf.path, leaf.index, leaf.value, leaf.at, run)


def _each_once(leaves: Iterable[Leaf]) -> list[Leaf]:
    return list({_cell(leaf): leaf for leaf in leaves}.values())


def _cell(leaf: Leaf) -> Cell:
    """Which cell it is, whatever its value."""
    return leaf.at, leaf.path, leaf.index, id(leaf.run)


def _leading(node: Node) -> Iterator[Leaf]:
    match node:
        case Leaf():
            yield node
        case Sum(Terms() as terms):
            if len(terms):
                yield from _leading(terms[int(np.abs(terms.values).argmax())])
        case _:
            for child in node.children():
                yield from _leading(child)


def _alone(node: Node) -> Iterator[Leaf]:
    """The leaves that are neither in a sum over a row nor in a part with a name of its own."""
    match node:
        case Leaf():
            yield node
        case Sum(Terms()) | Named():
            return
        case Given(value):
            yield from _alone(value)
        case _:
            for child in node.children():
                yield from _alone(child)
