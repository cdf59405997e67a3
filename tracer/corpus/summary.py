"""What a table of answers comes to: of every column the mean, spread and interval; by class of token; both ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..tensor import Array
from .classes import CLASSES, class_of
from .columns import Meaning
from .resampling import intervals

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_ENDS = 10
"""sentences at each end"""
MOST_TOLD = 5
"""different errors"""
UNEDITED, EDITED, EFFECT = "unedited", "edited", "effect"
Of = str
"""Of which run a mean is: one of these."""


class Table(Protocol):
    """A table of answers, by its columns."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def meanings(self) -> Mapping[str, Meaning]: ...

    @property
    def told(self) -> Mapping[str, Any]: ...

    def column(self, name: str) -> Array:
        """The cells of a column: numbers with nan where there are none, else objects."""
        ...


class Mean(NamedTuple):
    """Of some numbers: of which run and which place, how many, their mean and deviation, quantiles, and interval."""

    of: Of
    meaning: Meaning
    n: int
    mean: float
    std: float
    quantiles: Sequence[float]
    low: float = np.nan
    high: float = np.nan


class End(NamedTuple):
    """A sentence at an end: its number, its mean, the step of its largest or smallest number, and its texts."""

    sentence: int
    mean: float
    step: int
    text: str
    target: str | None


class Section(NamedTuple):
    """What an expression comes to: means, the largest first; by class of token; sentences at both ends."""

    name: str
    text: str
    means: Sequence[Mean]
    classes: Mapping[str, Mean]
    least: Sequence[End]
    most: Sequence[End]


class Summary(NamedTuple):
    """Of a whole table; ``silent`` sentences gave no number, ``errors`` are different ones with how often they came."""

    told: Mapping[str, Any]
    sentences: int
    silent: int
    failed: int
    errors: Mapping[str, int]
    sections: Sequence[Section]


class _Group(NamedTuple):
    """The numbers of one place of an expression, and the rows they stand in."""

    meaning: Meaning
    rows: Array
    values: Array


class _Rows:
    """What is known of the rows of a table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        numbers = table.column("sentence")
        self.sentences, self.place = np.unique(numbers, return_inverse=True)
        self.run = table.column("run") if "run" in table.names else np.zeros(len(numbers))
        self.step = table.column("step") if "step" in table.names else np.full(len(numbers), np.nan)

    @property
    def silent(self) -> int:
        """How many sentences have no row but one that says what is wrong."""
        return int(np.sum(np.bincount(self.place, np.isfinite(self.step)) == 0)) if len(self.place) else 0

    def groups(self) -> Iterator[tuple[str, list[_Group]]]:
        """The groups of each expression."""
        if "expression" in self.table.names:
            yield from self._long()
            return
        found: dict[str, list[str]] = {}
        for name, meaning in self.table.meanings.items():
            found.setdefault(meaning.expression, []).append(name)
        every = np.arange(len(self.place))
        for expression, names in found.items():
            columns = ((self.table.meanings[name], self.table.column(name)) for name in names)
            groups = [_Group(meaning, every, cells) for meaning, cells in columns if cells.dtype != object]
            if groups:
                yield expression, groups

    def _long(self) -> Iterator[tuple[str, list[_Group]]]:
        named, values = self.table.column("expression"), self.table.column("value")
        if values.dtype == object:
            return
        axes = {name: self.table.column(name) for name in self.table.names if name in _AXES}
        for expression in dict.fromkeys(name for name in named if name is not None):
            rows = np.flatnonzero(named == expression)
            if not axes:
                yield expression, [_Group(Meaning(expression), rows, values[rows])]
                continue
            keys = np.stack([axes[name][rows] for name in axes], 1)
            distinct, which = np.unique(np.nan_to_num(keys, nan=-1), axis=0, return_inverse=True)
            groups = [
                _Group(_meaning(expression, list(axes), key), rows[which == n], values[rows[which == n]])
                for n, key in enumerate(distinct)
            ]
            yield expression, groups

    def per_sentence(self, group: _Group, run: int) -> tuple[Array, Array]:
        """[sentence]: the sums and the counts of the numbers of a run."""
        known = np.isfinite(group.values) & (self.run[group.rows] == run)
        return _summed(self.place[group.rows[known]], group.values[known], len(self.sentences))


_AXES = ("layer", "head", "kv_head", "place", "feature", "d_k", "expert", "slot")
"""Axes that a long table is summed up by; over the others it is averaged."""


def _meaning(expression: str, axes: Sequence[str], key: Array) -> Meaning:
    return Meaning(expression, tuple((axis, str(int(n))) for axis, n in zip(axes, key, strict=True) if n >= 0))


def _summed(place: Array, values: Array, sentences: int) -> tuple[Array, Array]:
    return np.bincount(place, values, sentences), np.bincount(place, minlength=sentences).astype(np.float64)


def summary(table: Table) -> Summary:
    """What a table comes to."""
    rows = _Rows(table)
    texts = table.told.get("expressions", {})
    pairs = _pairs(rows) if np.any(rows.run == 1) else None
    sections = [_section(name, texts.get(name, name), groups, rows, pairs) for name, groups in rows.groups() if groups]
    errors: dict[str, int] = {}
    failed = [error for error in table.column("error") if isinstance(error, str)]
    for error in failed:
        errors[error] = errors.get(error, 0) + 1
    often = dict(sorted(errors.items(), key=lambda told: -told[1])[:MOST_TOLD])
    return Summary(table.told, len(rows.sentences), rows.silent, len(failed), often, sections)


def _section(name: str, text: str, groups: list[_Group], rows: _Rows, pairs: _Pairs | None) -> Section:
    runs = [(UNEDITED, 0)] if pairs is None else [(UNEDITED, 0), (EDITED, 1)]
    means = [mean for of, run in runs for mean in _means(of, [_known(group, rows, run) for group in groups], rows)]
    if pairs is not None:
        means += _means(EFFECT, [pairs.effect(group) for group in groups], rows)
    least, most = _ends(groups, rows)
    return Section(name, text, sorted(means, key=_order), _by_class(name, groups, rows), least, most)


def _order(mean: Mean) -> tuple[int, float]:
    """Runs one after the other, of each the largest first; effects by their size, whichever way."""
    size = abs(mean.mean) if mean.of == EFFECT else mean.mean
    return (UNEDITED, EDITED, EFFECT).index(mean.of), -size if np.isfinite(size) else np.inf


def _known(group: _Group, rows: _Rows, run: int) -> _Group:
    """The numbers that there are of a run."""
    known = np.isfinite(group.values) & (rows.run[group.rows] == run)
    return _Group(group.meaning, group.rows[known], group.values[known])


def _means(of: Of, groups: list[_Group], rows: _Rows) -> list[Mean]:
    """The means of groups, with the intervals of all of them."""
    n = len(rows.sentences)
    parts = [_summed(rows.place[group.rows], group.values, n) for group in groups]
    low, high = intervals(np.stack([sums for sums, _n in parts], 1), np.stack([counts for _s, counts in parts], 1))
    found = zip(groups, low.tolist(), high.tolist(), strict=True)
    return [_mean(of, group)._replace(low=least, high=most) for group, least, most in found]


def _mean(of: Of, group: _Group) -> Mean:
    values = group.values
    if not values.size:
        return Mean(of, group.meaning, 0, np.nan, np.nan, [np.nan] * len(QUANTILES))
    quantiles = np.quantile(values, QUANTILES).tolist()
    return Mean(of, group.meaning, values.size, float(values.mean()), float(values.std()), quantiles)


def _by_class(name: str, groups: list[_Group], rows: _Rows) -> Mapping[str, Mean]:
    """The numbers of the unedited run by the class of the token that was read, or comes next where none was."""
    classes = _classes(rows.table)
    known = [_known(group, rows, 0) for group in groups]
    found = {}
    for kind in CLASSES:
        parts = [group.values[classes[group.rows] == kind] for group in known]
        values = np.concatenate(parts)
        if values.size:
            found[kind] = _mean(UNEDITED, _Group(Meaning(name), values, values))
    return found


def _classes(table: Table) -> Array:
    """[row]: the class of a row's token; empty where it has none."""
    read, following = table.column("read"), table.column("token")
    pieces = [one if isinstance(one, str) else other for one, other in zip(read, following, strict=True)]
    kinds = {piece: class_of(piece) if isinstance(piece, str) else "" for piece in set(pieces)}
    return np.array([kinds[piece] for piece in pieces], object)


def _ends(groups: list[_Group], rows: _Rows) -> tuple[list[End], list[End]]:
    """The sentences with the smallest means of all numbers of the unedited run, and those with the largest."""
    parts = [rows.per_sentence(group, 0) for group in groups]
    sums, counts = (np.sum([part[n] for part in parts], 0) for n in (0, 1))
    there = np.flatnonzero(counts)
    means = sums[there] / counts[there]
    order = np.argsort(means, kind="stable")
    size = min(MOST_ENDS, len(order) // 2 or len(order))
    least, most = order[:size], order[::-1][: min(size, len(order) - size)]
    return _told(there[least], means[least], groups, rows, -1), _told(there[most], means[most], groups, rows, 1)


def _told(places: Array, means: Array, groups: list[_Group], rows: _Rows, sign: int) -> list[End]:
    text, target = rows.table.column("text"), rows.table.column("target")
    found = []
    for place, mean in zip(places.tolist(), means.tolist(), strict=True):
        first = int(np.flatnonzero(rows.place == place)[0])
        given = target[first] if isinstance(target[first], str) else None
        step = _step(place, groups, rows, sign)
        found.append(End(int(rows.sentences[place]), mean, step, str(text[first] or ""), given))
    return found


def _step(place: int, groups: list[_Group], rows: _Rows, sign: int) -> int:
    """The step in which a sentence has its largest number, or its smallest."""
    best, step = -np.inf, 0
    for group in groups:
        mine = np.flatnonzero(
            (rows.place[group.rows] == place) & np.isfinite(group.values) & (rows.run[group.rows] == 0)
        )
        if mine.size:
            top = mine[np.argmax(sign * group.values[mine])]
            if sign * group.values[top] > best:
                best, step = float(sign * group.values[top]), int(rows.step[group.rows[top]])
    return step


class _Pairs:
    """Rows of the unedited run beside those of the edited one that have read the same."""

    def __init__(self, partner: Array) -> None:
        self.partner = partner

    def effect(self, group: _Group) -> _Group:
        """What the edit adds, at the rows of the unedited run."""
        at = np.full(len(self.partner), np.nan)
        at[group.rows] = group.values
        rows = np.flatnonzero(self.partner >= 0)
        added = at[self.partner[rows]] - at[rows]
        known = np.isfinite(added)
        return _Group(group.meaning, rows[known], added[known])


def _pairs(rows: _Rows) -> _Pairs:
    """[row] -> the row of the edited run at the same place, -1 where it has none, or has read other tokens by then."""
    keys = _keys(rows)
    here, there = (np.flatnonzero(rows.run == run) for run in (0, 1))
    _common, a, b = np.intersect1d(keys[here], keys[there], return_indices=True)
    a, b = here[a], there[b]
    token = rows.table.column("token")
    last = np.full(len(rows.sentences), np.inf)
    differs = np.array([token[x] != token[y] for x, y in zip(a, b, strict=True)], bool)
    np.minimum.at(last, rows.place[a[differs]], rows.step[a[differs]])
    alike = ~(rows.step[a] > last[rows.place[a]])
    partner = np.full(len(rows.place), -1)
    partner[a[alike]] = b[alike]
    return _Pairs(partner)


def _keys(rows: _Rows) -> Array:
    """[row]: a number for each place of a sentence, whichever run it is in; for each cell of it in a long table."""
    table = rows.table
    numbered = [name for name in ("step", "position", *_AXES, "key", "query") if name in table.names]
    named = [name for name in ("address", "expression") if name in table.names]
    keys = rows.place.astype(np.int64)
    for name in numbered:
        keys = _with(keys, np.nan_to_num(table.column(name), nan=-1))
    for name in named:
        keys = _with(keys, np.array([str(cell) for cell in table.column(name)]))
    return keys


def _with(keys: Array, column: Array) -> Array:
    """Keys that tell another column apart, too, as small as they can be."""
    distinct, which = np.unique(column, return_inverse=True)
    found: Array = np.unique(keys * len(distinct) + which, return_inverse=True)[1]
    return found
