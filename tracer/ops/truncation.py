"""A row cut down to the tokens that a sample is drawn from: −∞ for all others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..arithmetic import Given, Leaf, Max, Named, Node, Noted, Number, Replaced, Sign, exp, log, over
from ..i18n import N_, _
from ..namedtuple import NamedTuple
from ..operation import Flow, Operation, to
from ..tensor import Array, Row, Tensor
from .gradients.choice import kept_gradient

MOST_WEIGHED = 100
"""The tokens whose entropy `TopH` limits, as transformers has it."""


class Truncation(Operation):
    """[vocab] -> [vocab]: some as they are, −∞ in the place of the others."""

    def backward(self, dy: Tensor, y: Tensor, z: Tensor, **settings: Any) -> Iterator[Flow]:
        yield to(z, kept_gradient, dy, y, like=z.dims, shape=z.shape)


class TopK(Truncation):
    """[vocab] -> [vocab]: −∞ for all but the k largest; of equals the first are kept."""

    formula = N_("z where among the k largest, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(
        value="z_i", kept=r"z_i \in \mathrm{top}_k(z)", never=r"-\infty"
    )
    reference = "Fan et al. 2018, §5.3"

    def forward(self, z: Tensor, *, k: int) -> Tensor:
        kept = np.argsort(-z.array, kind="stable")[:k]
        return only(z, kept)

    def derive(self, index: tuple[int, ...], z: Tensor, *, k: int) -> Node:
        ranked = _ranked(z)
        cell, last = z.leaf(*index), Named(f"z_{k}", z.leaf(ranked[:k][-1]))
        if index[0] in ranked[:k]:
            return _cut(cell, (last, cell), "≤", is_kept=True, reason=_("among the {k} largest").format(k=k))
        return _cut(cell, (cell, last), "≤", is_kept=False, reason=_("not among the {k} largest").format(k=k))


class TopP(Truncation):
    """[vocab] -> [vocab]: −∞ outside the smallest set of likeliest tokens whose probability reaches p below 1."""

    formula = N_("z in the nucleus of probability p, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(value="z_i", kept=r"i \in V^{(p)}", never=r"-\infty")
    reference = "Holtzman et al. 2020, §3.1"

    def forward(self, z: Tensor, *, p: float) -> Tensor:
        order = np.argsort(-z.array, kind="stable")
        likely = np.exp(z.array[order].astype(np.float64) - z.array.max())
        before = np.cumsum(likely) - likely
        return only(z, order[before / likely.sum() < p])

    def derive(self, index: tuple[int, ...], z: Tensor, *, p: float) -> Node:
        ranked, row = _ranked(z), z.row()
        cell, shift = z.leaf(*index), Named("max", row.largest())
        likelier = row.at(ranked[: ranked.index(index[0])])

        def share(x: Node) -> Node:
            return exp(x - shift)

        before, limit = Named(_("Σ before"), summed(share, z=likelier) / over(share, z=row)), Number(p, "p")
        if before.evaluate() < p:
            told = _("in the nucleus of probability {p}")
            return _cut(cell, (before, limit), "<", is_kept=True, reason=told.format(p=p))
        told = _("outside the nucleus of probability {p}")
        return _cut(cell, (limit, before), "≤", is_kept=False, reason=told.format(p=p))


class MinP(Truncation):
    """[vocab] -> [vocab]: −∞ for all that are less probable than a part of the likeliest."""

    formula = N_("z where p ≥ min_p · max p, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(
        value="z_i", kept=r"p_i \ge p_{\min} \max_j p_j", never=r"-\infty"
    )
    reference = "Nguyen et al. 2024 (min-p)"

    def forward(self, z: Tensor, *, p: float) -> Tensor:
        wide = z.array.astype(np.float64)
        return only(z, np.exp(wide - wide.max()) >= p)

    def derive(self, index: tuple[int, ...], z: Tensor, *, p: float) -> Node:
        cell, least = z.leaf(*index), Number(p, "min_p")
        share = Named("p / max p", exp(cell - Named("max", z.row().largest())))
        if share.evaluate() >= p:
            return _cut(cell, (least, share), "≤", is_kept=True, reason=_("at least {p} of the likeliest").format(p=p))
        return _cut(cell, (share, least), "<", is_kept=False, reason=_("below {p} of the likeliest").format(p=p))


class TypicalP(Truncation):
    """[vocab] -> [vocab]: −∞ outside the most typical tokens, which in all reach a probability below 1.

    A token is the more typical the nearer −log p is to the entropy, which is as far as z is from its mean under p.
    """

    formula = N_("z where |z − Σ p z| is among the smallest, up to probability typical_p, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(
        value="z_i", kept=r"|{-\log p_i} - H(p)| \le \tau", never=r"-\infty"
    )
    reference = "Meister et al. 2023"

    def forward(self, z: Tensor, *, p: float) -> Tensor:
        far = _Distribution.of(z).distances
        return only(z, far <= far[_last_typical(z, p)])

    def derive(self, index: tuple[int, ...], z: Tensor, *, p: float) -> Node:
        mean = Named("Σ p z", _mean(z.row().at(_possible(z))))

        def distance(x: Leaf) -> Node:
            return Named("|z − Σ p z|", Max((x - mean, mean - x)))

        cell, last = z.leaf(*index), z.leaf(_last_typical(z, p))
        own, limit = distance(cell), distance(last)
        if own.evaluate() <= limit.evaluate():
            told = _("among the most typical, {p} in all")
            return _cut(cell, (own, limit), "≤", is_kept=True, reason=told.format(p=p))
        told = _("not among the most typical, {p} in all")
        return _cut(cell, (limit, own), "<", is_kept=False, reason=told.format(p=p))


class EpsilonCutoff(Truncation, epsilon="ε"):
    """[vocab] -> [vocab]: −∞ for all that are less probable than ε, but for the likeliest."""

    formula = N_("z where p ≥ ε or p is the largest, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(value="z_i", kept=r"p_i \ge \varepsilon", never=r"-\infty")
    reference = "Hewitt et al. 2022"

    def forward(self, z: Tensor, *, epsilon: float) -> Tensor:
        return only(z, _Distribution.of(z).above(epsilon))

    def derive(self, index: tuple[int, ...], z: Tensor, *, epsilon: float) -> Node:
        return _from(z.leaf(*index), z, Number(epsilon, "ε"))


class EtaCutoff(Truncation, epsilon="ε"):
    """[vocab] -> [vocab]: −∞ for all that are less probable than η, but for the likeliest.

    η is ε, or less where the distribution is spread out.
    """

    formula = N_("z where p ≥ η = min(ε, √ε · exp(−H)) or p is the largest, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(
        value="z_i", kept=r"p_i \ge \min(\varepsilon, \sqrt{\varepsilon} e^{-H(p)})", never=r"-\infty"
    )
    reference = "Hewitt et al. 2022"

    def forward(self, z: Tensor, *, epsilon: float) -> Tensor:
        row = _Distribution.of(z)
        return only(z, row.above(min(epsilon, math.sqrt(epsilon) * math.exp(-row.entropy))))

    def derive(self, index: tuple[int, ...], z: Tensor, *, epsilon: float) -> Node:
        whole = Number(epsilon, "ε")
        tail = Number(math.sqrt(epsilon), "√ε") * exp(-_entropy(z.row().at(_possible(z))))
        least = Given(tail, (tail, whole), ("≤",)) if tail.evaluate() <= epsilon else whole
        return _from(z.leaf(*index), z, Named("η", least))


class TopH(Truncation):
    """[vocab] -> [vocab]: −∞ outside the likeliest tokens whose share in the entropy stays within a part of it.

    Both are of the 100 likeliest; the likeliest of all is kept.
    """

    formula = N_("z where Σ −p log p, of it and what is likelier, ≤ top_h · H, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(
        value="z_i", kept=r"-\sum_{j \le i} p_j \log p_j \le h \, H(p)", never=r"-\infty"
    )
    reference = "Potraghloo et al. 2025 (top-H)"

    def forward(self, z: Tensor, *, h: float) -> Tensor:
        ranked = np.argsort(-z.array, kind="stable")[:MOST_WEIGHED]
        so_far = np.cumsum(_Distribution(z.array[ranked].astype(np.float64)).surprise)
        kept = so_far <= h * so_far[-1]
        return only(z, ranked[kept | (np.arange(len(ranked)) == 0)])

    def derive(self, index: tuple[int, ...], z: Tensor, *, h: float) -> Node:
        ranked, cell = _ranked(z)[:MOST_WEIGHED], z.leaf(*index)
        if cell.value == -math.inf:
            return cell
        if index[0] == ranked[0]:
            return Noted(cell, _("the likeliest"))
        if index[0] not in ranked:
            last, told = z.leaf(ranked[-1]), _("not among the {k} likeliest")
            return _cut(cell, (cell, last), "≤", is_kept=False, reason=told.format(k=MOST_WEIGHED))
        places = [i for i in ranked if z.array[i] != -math.inf]
        weighed = z.row().at(places)
        so_far = Named("Σ −p log p", _entropy(weighed, places.index(index[0]) + 1))
        limit = Number(h, "top_h") * _entropy(weighed)
        if so_far.evaluate() <= limit.evaluate():
            return _cut(cell, (so_far, limit), "≤", is_kept=True, reason=_("within {h} of the entropy").format(h=h))
        return _cut(cell, (limit, so_far), "<", is_kept=False, reason=_("beyond {h} of the entropy").format(h=h))


class _Distribution(NamedTuple):
    """A row of logits in double precision, and what there is to say of the distribution that it stands for."""

    z: Array

    @classmethod
    def of(cls, z: Tensor) -> _Distribution:
        return cls(z.array.astype(np.float64))

    @property
    def probs(self) -> Array:
        likely = np.exp(self.z - self.z.max())
        found: Array = likely / likely.sum()
        return found

    @property
    def surprise(self) -> Array:
        """−p log p of each."""
        p = self.probs
        return np.where(p == 0, 0.0, -p * np.log(np.where(p == 0, 1.0, p)))

    @property
    def entropy(self) -> float:
        return float(self.surprise.sum())

    @property
    def distances(self) -> Array:
        """How far each is from their mean."""
        possible = self.z != -math.inf
        found: Array = np.abs(self.z - (self.probs[possible] * self.z[possible]).sum())
        return found

    def above(self, least: float) -> Array:
        """Those whose probability is that at least, and the likeliest."""
        found: Array = (self.probs >= least) | (self.z == self.z.max())
        return found


@np.errstate(all="ignore")
def _last_typical(z: Tensor, p: float) -> int:
    """The place of the least typical token that is kept."""
    row = _Distribution.of(z)
    order = np.argsort(row.distances, kind="stable")
    within = int((np.cumsum(row.probs[order]) < p).sum())
    return int(order[min(within, len(order) - 1)])


def _from(cell: Leaf, z: Tensor, least: Node) -> Node:
    """A cell that is kept where its probability is one at least, or the largest."""
    row = z.row()
    shift = Named("max", row.largest())

    def likely(x: Node) -> Node:
        return exp(x - shift)

    share = Named("p", likely(cell) / over(likely, z=row))
    if share.evaluate() >= least.evaluate():
        return _cut(cell, (least, share), "≤", is_kept=True, reason=_("its probability is large enough"))
    if cell.value == row.largest().value:
        return _cut(cell, (shift, cell), "≤", is_kept=True, reason=_("the likeliest"))
    return _cut(cell, (share, least), "<", is_kept=False, reason=_("its probability is too small"))


def _possible(z: Tensor) -> Sequence[int]:
    """The places that were not ruled out before."""
    places: list[int] = np.flatnonzero(z.array != -math.inf).tolist()
    return places


def _mean(row: Row) -> Node:
    """Σ p z: the mean of logits under the distribution that they stand for."""
    shift = Named("max", row.largest())
    return over(lambda z: exp(z - shift) * z, z=row) / over(lambda z: exp(z - shift), z=row)


def _entropy(row: Row, first: int | None = None) -> Node:
    """Σ −p log p over the first cells of a row, all of them unless told; log p is z − log Σ exp z."""
    shift = Named("max", row.largest())
    some = row.at(range(len(row) if first is None else first))
    all_likely, likely = (over(lambda z: exp(z - shift), z=cells) for cells in (row, some))
    whole, weighed = Named("log Σ exp z", shift + log(all_likely)), over(lambda z: exp(z - shift) * z, z=some)
    return Named("H", whole - weighed / all_likely) if first is None else (whole * likely - weighed) / all_likely


def only(z: Tensor, kept: Array) -> Tensor:
    """Those cells of a row, by place or by a truth value for each, and −∞ for the others."""
    cut = np.full_like(z.array, -np.inf)
    cut[kept] = z.array[kept]
    return Tensor(cut, z.dims)


def summed(pattern: Callable[..., Node], **rows: Row) -> Node:
    """A sum as `over` makes it, of cells of which there may be none."""
    return over(pattern, **rows) if all(map(len, rows.values())) else Number(0.0)


def _ranked(z: Tensor) -> list[int]:
    """The places of a row from the largest to the smallest: of equals the first, and nan after all else."""
    places: list[int] = np.lexsort((np.arange(z.array.size), -z.array)).tolist()
    return places


def _cut(cell: Leaf, order: tuple[Node, Node], sign: Sign, *, is_kept: bool, reason: str) -> Node:
    """A cell that is kept or not because two numbers are in this order; what was cut before is as it was."""
    if cell.value == -math.inf:
        return cell
    value = cell if is_kept else Replaced(Number(-math.inf), cell)
    if any(math.isnan(node.evaluate()) for node in order):
        return Noted(value, _("{reason}; nan counts as the smallest here").format(reason=reason))
    return Noted(Given(value, order, (sign,)), reason)


top_h = TopH()
top_k = TopK()
top_p = TopP()
min_p = MinP()
typical_p = TypicalP()
epsilon_cutoff = EpsilonCutoff()
eta_cutoff = EtaCutoff()
