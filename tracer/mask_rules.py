"""Rules by which other keys are hidden than those that a model hides: none, causal, shift, window, hide, show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from .addresses import Selector
from .arithmetic import Node, Noted, Number
from .dataclass import dataclass
from .edits import Call, Otherwise
from .errors import SelectorError
from .i18n import N_, _, ngettext, spoken
from .namedtuple import NamedTuple
from .operation import Trait
from .ops.attention import LOWEST, Mask, is_hidden, mask
from .tape import Record
from .tensor import Array, Axis, Tensor

Hidden = dict[str, Array]
"""What each kind of rule hides: True where it does, [query, key]."""


class Places(NamedTuple):
    """Where queries [query, 1] and keys [key] stand, counted from the beginning of their texts."""

    queries: Array
    keys: Array
    axis: Axis

    def of(self, selectors: Sequence[Selector]) -> Array:
        """Which keys selectors name; a token that is not there names none."""
        named = np.zeros(len(self.keys), bool)
        for selector in selectors:
            try:
                (where,) = Tensor(named, (self.axis,)).locate([selector])
            except SelectorError:
                continue
            named[where] = True
        return named


class Rule:
    """Hides keys, or shows them, beside what the rules before it hide; ``name`` is what it hides them as."""

    name: ClassVar[str] = ""
    selectors: Sequence[Selector] = ()

    def after(self, hidden: Hidden, places: Places) -> Hidden:
        """What is hidden then."""
        raise NotImplementedError

    def reason(self, query: int, key: int) -> str:
        """Why a key is hidden from a query, where this rule hides it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Nothing(Rule):
    """No key is hidden, be it padding."""

    def after(self, hidden: Hidden, places: Places) -> Hidden:
        return {name: np.zeros_like(hides) for name, hides in hidden.items()}

    def __str__(self) -> str:
        return "none"


@dataclass(frozen=True)
class Causal(Rule):
    """Keys after the query are hidden; where the border is moved, those from ``shift`` places after it on."""

    name: ClassVar[str] = N_("causal")
    shift: int | None = None

    def after(self, hidden: Hidden, places: Places) -> Hidden:
        return {**hidden, self.name: places.keys > places.queries + (self.shift or 0)}

    def reason(self, query: int, key: int) -> str:
        if self.shift is None:
            return _("hidden by the causal mask: key {j} > query {i}").format(j=key, i=query)
        told = _("hidden by the causal mask, moved by {n}: key {j} > query {i} + {n}")
        return told.format(n=self.shift, j=key, i=query)

    def __str__(self) -> str:
        return "causal" if self.shift is None else f"shift {self.shift}"


@dataclass(frozen=True)
class Window(Rule):
    """Keys that lie ``size`` or more places before the query are hidden."""

    name: ClassVar[str] = N_("window")
    size: int

    def after(self, hidden: Hidden, places: Places) -> Hidden:
        return {**hidden, self.name: places.queries - places.keys >= self.size}

    def reason(self, query: int, key: int) -> str:
        told = _("hidden by the window of {n}: key {j} is {far} before query {i}")
        return told.format(n=self.size, j=key, i=query, far=query - key)

    def __str__(self) -> str:
        return f"window {self.size}"


@dataclass(frozen=True)
class Hide(Rule):
    """Some keys are hidden from every query."""

    name: ClassVar[str] = N_("hide")
    selectors: Sequence[Selector]

    def after(self, hidden: Hidden, places: Places) -> Hidden:
        here = np.broadcast_to(places.of(self.selectors), (len(places.queries), len(places.keys)))
        return {**hidden, self.name: hidden.get(self.name, np.zeros_like(here)) | here}

    def reason(self, query: int, key: int) -> str:
        return _("hidden by hand: key {j}").format(j=key)

    def __str__(self) -> str:
        return f"hide {_listed(self.selectors)}"


@dataclass(frozen=True)
class Show(Rule):
    """Some keys are visible from every query, whatever the rules before say."""

    selectors: Sequence[Selector]

    def after(self, hidden: Hidden, places: Places) -> Hidden:
        there = places.of(self.selectors)
        return {name: hides & ~there for name, hides in hidden.items()}

    def __str__(self) -> str:
        return f"show {_listed(self.selectors)}"


def _listed(selectors: Sequence[Selector]) -> str:
    return " ".join(map(str, selectors))


class RuledMask(Mask):
    """-> [query, key]: 0 where the query may look, −∞ where it may not, by other rules than the model's.

    ``by`` are the rules, in order, which go on from what the model hides; ``first`` is the place of the first query.
    As in `Mask`, a query that may look nowhere has `LOWEST` in place of −∞.
    """

    def forward(self, *, by: Sequence[Rule], first: int, **given: Any) -> Tensor:  # type: ignore[override]
        hidden = self._hidden(by, first, given)
        hides = np.logical_or.reduce([np.zeros(given["shape"], bool), *hidden.values()])
        values = np.where(hides, np.where(hides.all(1, keepdims=True), LOWEST, -np.inf), 0)
        return Tensor(values.astype(given["dtype"]), (given["query"], given["key"]))

    def derive(  # type: ignore[override]
        self, index: tuple[int, ...], *, by: Sequence[Rule], first: int, **given: Any
    ) -> Node:
        hidden = {name: bool(hides[index]) for name, hides in self._hidden(by, first, given).items()}
        query, key = index[0] + first, index[1]
        rules = ", ".join(map(str, by))
        if not any(hidden.values()):
            return Noted(Number(0.0), _("key {j} is visible ({rules})").format(j=key, rules=rules))
        name = next(name for name, hides in hidden.items() if hides)
        value = float(self.forward(by=by, first=first, **given).array[index])
        own = _("hidden by the model's own rule: {rule}").format(rule=spoken(name))
        reason = next((rule.reason(query, key) for rule in reversed(by) if rule.name == name), own)
        return Noted(Number(value), _("{reason} ({rules})").format(reason=reason, rules=rules))

    def rules(self, record: Record) -> Hidden:
        given = dict(record.parameters)
        return self._hidden(given.pop("by"), given.pop("first"), given)

    def note(self, record: Record) -> str:
        counts = {spoken(rule): int(hidden.sum()) for rule, hidden in self.rules(record).items()}
        told = _(", ").join(_("{rule}: {n}").format(rule=rule, n=n) for rule, n in counts.items() if n)
        by = ", ".join(map(str, record.parameters["by"]))
        hidden = _("{rules} hidden").format(rules=told) if told else _("nothing hidden")
        return _("{rule}: {what}").format(rule=by, what=hidden)

    def _hidden(self, by: Sequence[Rule], first: int, given: Mapping[str, Any]) -> Hidden:
        queries, keys = given["shape"]
        places = Places(np.arange(first, first + queries)[:, None], np.arange(keys), given["key"])
        hidden = mask.hiding(given)
        for rule in by:
            hidden = rule.after(hidden, places)
        return hidden


ruled_mask = RuledMask()


@dataclass(frozen=True, eq=False)
class MaskedBy(Otherwise):
    """A mask by some rules, which go on from what a model hides."""

    rules: Sequence[Rule]

    def instead(self, call: Call) -> Call | None:
        if Trait.MASK not in call.op.traits:
            return None
        before = call.parameters.get("by", ())
        return call.with_op(ruled_mask).having(by=(*before, *self.rules), first=_first(call))

    def told(self, address: str) -> str:
        return f"mask {address} {self}"

    def __str__(self) -> str:
        return " ".join(map(str, self.rules))


def _first(call: Call) -> int:
    """The place of the first query of a mask in its text: of a decoder's last ones, by the number of the step."""
    past, number = call.parameters["past"], 0 if call.at is None else call.at.number
    return int(past) if past is not None else max(0, number - call.parameters["shape"][0])


def leaks(record: Record) -> Iterator[tuple[int, int]]:
    """The queries of a mask that is causal in the model and see keys after them: the place of each, and how many."""
    past = record.parameters["past"]
    if past is not None:
        queries, keys = record.output.shape
        later = np.arange(keys) > np.arange(past, past + queries)[:, None]
        counts = (later & ~is_hidden(record.output.array)).sum(1).tolist()
        yield from ((past + n, count) for n, count in enumerate(counts) if count)


def leak(query: int, later: int) -> str:
    """What to say of a query that sees later keys."""
    told = ngettext("position {query} sees {n} later token", "position {query} sees {n} later tokens", later)
    return told.format(query=query, n=later)
