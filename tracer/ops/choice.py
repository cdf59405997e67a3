"""From a distribution over the vocabulary to one token, every stage recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

import numpy as np

from ..arithmetic import Given, Leaf, Named, Node, Noted, Number, Replaced, Sign, Which, exp, log, over, total
from ..i18n import N_, Message, _, spoken
from ..operation import Operation
from ..tensor import Array, Row, Tensor


class Candidates(Operation):
    """[vocab], or of [position, vocab] the last position, -> [vocab]: that row, −∞ where a rule forbids the token.

    ``forbidden`` gives the reason for each id ruled out; where one id is ``forced``, it alone is left.
    """

    formula = N_("the last position's logits, −∞ where forbidden")
    latex = N_("{value} if {token} is allowed, else {never}").typeset(value="z_{t,i}", token="i", never=r"-\infty")
    reference = N_("Vaswani et al. 2017, §3.1 (auto-regressive); Keskar et al. 2019, §4.1 (penalties)")

    def forward(self, logits: Tensor, *, forbidden: Mapping[int, Message], forced: int | None) -> Tensor:
        z, vocab = logits.array[_last(logits)], logits.dims[-1:]
        if forced is not None:
            return _only(Tensor(z, vocab), np.asarray([forced]))
        if forbidden:
            z = z.copy()
            z[list(forbidden)] = -np.inf
        return Tensor(z, vocab)

    def derive(
        self, index: tuple[int, ...], logits: Tensor, *, forbidden: Mapping[int, Message], forced: int | None
    ) -> Node:
        token = index[0]
        cell = logits.leaf(*_last(logits), token)
        reason = _ruling(token, forbidden, forced)
        kept = Noted(cell, reason) if reason else cell
        return kept if _is_allowed(token, forbidden, forced) else Noted(Replaced(Number(-math.inf), cell), reason)


class Repetition(Operation, penalty="θ"):
    """[vocab], or of [position, vocab] the last position, -> [vocab]: ``ids`` made less likely by a θ above 1.

    ``reason`` says what these tokens have in common; ids beyond the vocabulary are passed over.
    """

    formula = N_("z · θ where z < 0, z / θ where not, of tokens that repeat; z of the others")
    latex = N_("{below} if {negative}, else {above}").typeset(
        below=r"z_i \theta", negative="z_i < 0", above=r"z_i / \theta"
    )
    reference = N_("Keskar et al. 2019, §4.1 (there z / θ always)")

    def forward(self, z: Tensor, *, ids: Sequence[int], penalty: float, reason: Message) -> Tensor:
        row = z.array[_last(z)].copy()
        repeated = [i for i in set(ids) if i < len(row)]
        cells, factor = row[repeated], row.dtype.type(penalty)
        row[repeated] = np.where(cells < 0, cells * factor, cells / factor)
        return Tensor(row, z.dims[-1:])

    def derive(self, index: tuple[int, ...], z: Tensor, *, ids: Sequence[int], penalty: float, reason: Message) -> Node:
        cell, zero, factor = z.leaf(*_last(z), *index), Number(0.0), Number(penalty, "θ")
        if index[0] not in ids:
            return cell
        below, above = Given(cell * factor, (cell, zero), ("<",)), Given(cell / factor, (zero, cell), ("≤",))
        return Noted(below if cell.value < 0 else above, spoken(reason))


class Temper(Operation):
    """[vocab] -> [vocab]: below 1 sharper, above 1 flatter."""

    formula = "z / temperature"
    latex = r"z / T"
    reference = "Ackley et al. 1985"

    def forward(self, z: Tensor, *, temperature: float) -> Tensor:
        return Tensor(z.array / z.array.dtype.type(temperature), z.dims)

    def derive(self, index: tuple[int, ...], z: Tensor, *, temperature: float) -> Node:
        return z.leaf(*index) / Number(temperature, "temperature")


class TopK(Operation):
    """[vocab] -> [vocab]: −∞ for all but the k largest; of equals the first are kept."""

    formula = N_("z where among the k largest, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(
        value="z_i", kept=r"z_i \in \mathrm{top}_k(z)", never=r"-\infty"
    )
    reference = "Fan et al. 2018, §5.3"

    def forward(self, z: Tensor, *, k: int) -> Tensor:
        kept = np.argsort(-z.array, kind="stable")[:k]
        return _only(z, kept)

    def derive(self, index: tuple[int, ...], z: Tensor, *, k: int) -> Node:
        ranked = _ranked(z)
        cell, last = z.leaf(*index), Named(f"z_{k}", z.leaf(ranked[:k][-1]))
        if index[0] in ranked[:k]:
            return _cut(cell, (last, cell), "≤", is_kept=True, reason=_("among the {k} largest").format(k=k))
        return _cut(cell, (cell, last), "≤", is_kept=False, reason=_("not among the {k} largest").format(k=k))


class TopP(Operation):
    """[vocab] -> [vocab]: −∞ outside the smallest set of likeliest tokens whose probability reaches p below 1."""

    formula = N_("z in the nucleus of probability p, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(value="z_i", kept=r"i \in V^{(p)}", never=r"-\infty")
    reference = "Holtzman et al. 2020, §3.1"

    def forward(self, z: Tensor, *, p: float) -> Tensor:
        order = np.argsort(-z.array, kind="stable")
        likely = np.exp(z.array[order].astype(np.float64) - z.array.max())
        before = np.cumsum(likely) - likely
        return _only(z, order[before / likely.sum() < p])

    def derive(self, index: tuple[int, ...], z: Tensor, *, p: float) -> Node:
        ranked, row = _ranked(z), z.row()
        cell, shift = z.leaf(*index), Named("max", row.largest())
        likelier = row.at(ranked[: ranked.index(index[0])])

        def share(x: Node) -> Node:
            return exp(x - shift)

        before, limit = Named(_("Σ before"), _sum(share, z=likelier) / over(share, z=row)), Number(p, "p")
        if before.evaluate() < p:
            told = _("in the nucleus of probability {p}")
            return _cut(cell, (before, limit), "<", is_kept=True, reason=told.format(p=p))
        told = _("outside the nucleus of probability {p}")
        return _cut(cell, (limit, before), "≤", is_kept=False, reason=told.format(p=p))


class Argmax(Operation, probs="p"):
    """[vocab] -> an id: the likeliest, of equals the first."""

    formula = "argmax"
    latex = r"\arg\max_i p_i"
    reference = N_("greedy decoding")

    def forward(self, probs: Tensor) -> Tensor:
        return Tensor(np.asarray(probs.array.argmax()), ())

    def derive(self, index: tuple[int, ...], probs: Tensor) -> Node:
        largest = probs.row().largest()
        if not math.isnan(largest.value):
            return Which(largest)
        return Noted(Which(largest), _("nan counts as the largest, the first of several: the id has no meaning"))


class Draw(Operation, probs="p"):
    """[vocab] -> an id: the first whose cumulative probability exceeds u, the n-th number drawn from ``seed``.

    The generator is Philox, counted by the step, so that a step computed again draws the same.
    """

    formula = N_("the first id with Σ p > u")
    latex = r"\min \{ i : \sum_{j \le i} p_j > u \}"
    reference = "Salmon et al. 2011 (Philox)"

    def forward(self, probs: Tensor, *, seed: int, number: int) -> Tensor:
        cumulative = np.cumsum(probs.array, dtype=np.float64)
        place = np.searchsorted(cumulative, _random(seed, number) * cumulative[-1], "right")
        return Tensor(np.asarray(min(int(place), len(cumulative) - 1)), ())

    def derive(self, index: tuple[int, ...], probs: Tensor, *, seed: int, number: int) -> Node:
        row = probs.row()
        u = Number(_random(seed, number), f"u = Philox(seed {seed}, n {number})")
        point = Named("u · Σ p", u * over(lambda p: p, p=row))
        threshold, last = point.evaluate(), len(row) - 1
        if not math.isfinite(threshold):
            told = _("Σ p is {total}, so that no sum exceeds u · Σ p: the last id is taken, and has no meaning")
            return Noted(Which(row[last]), told.format(total=threshold))
        place = next((i for i, so_far in enumerate(accumulate(row.values.tolist())) if so_far > threshold), last)
        before = Named(_("Σ before"), _sum(lambda p: p, p=row.at(range(place))))
        upto = Named(_("Σ with it"), before + row[place])
        return Given(Which(row[place]), (before, point, upto), ("≤", "<"))


class LogSoftmax(Operation):
    """[vocab], or of [position, vocab] the last position, -> [vocab]: the logarithm of softmax."""

    formula = "x − max − log Σ exp(x − max)"
    latex = r"x_j - \max x - \log \sum_i e^{x_i - \max x}"
    reference = "Bridle 1990"

    def forward(self, x: Tensor) -> Tensor:
        row = x.array[_last(x)]
        shifted = row - row.max()
        return Tensor(shifted - np.log(np.exp(shifted).sum()), x.dims[-1:])

    def derive(self, index: tuple[int, ...], x: Tensor) -> Node:
        row = x.row(*_last(x))
        shift = Named("max", row.largest())
        return row[index[0]] - shift - log(over(lambda x: exp(x - shift), x=row))


class Allowed(Operation, log_p="log p"):
    """[vocab] -> [vocab]: log p as beam search takes it, −∞ where a rule forbids the token, 0 where one forces it.

    ``forbidden`` gives the reason for each id ruled out; what these lose of their probability is lost.
    """

    formula = N_("log p, −∞ where forbidden, 0 where forced")
    latex = N_("{value} if {token} is allowed, else {never}").typeset(value=r"\log p_i", token="i", never=r"-\infty")
    reference = N_("Vaswani et al. 2017, §6.1 (beam search); Keskar et al. 2019, §4.1 (penalties)")

    def forward(self, log_p: Tensor, *, forbidden: Mapping[int, Message], forced: int | None) -> Tensor:
        ruled = log_p.array
        if forced is not None:
            ruled = np.full_like(ruled, -np.inf)
            ruled[forced] = 0
        elif forbidden:
            ruled = ruled.copy()
            ruled[list(forbidden)] = -np.inf
        return Tensor(ruled, log_p.dims)

    def derive(
        self, index: tuple[int, ...], log_p: Tensor, *, forbidden: Mapping[int, Message], forced: int | None
    ) -> Node:
        token = index[0]
        cell, reason = log_p.leaf(token), _ruling(token, forbidden, forced)
        if not reason:
            return cell
        ruled = Number(0.0 if _is_allowed(token, forbidden, forced) else -math.inf)
        return Noted(Replaced(ruled, cell), reason)


class SummedLogProb(Operation, log_p="log p"):
    """[vocab] and, after the first token, the sum up to the token before, a scalar, -> a scalar: log p of all tokens.

    The sum is in double precision.
    """

    formula = N_("Σ log p of the tokens before + log p of this one")
    latex = r"\sum_{s \le t} \log p(y_s \mid y_{<s})"
    reference = "Graves 2012, §3.2; Sutskever et al. 2014, §3.2"

    def forward(self, log_p: Tensor, *before: Tensor, token: int) -> Tensor:
        return Tensor(np.asarray(sum(float(tensor.array) for tensor in before) + float(log_p.array[token])), ())

    def derive(self, index: tuple[int, ...], log_p: Tensor, *before: Tensor, token: int) -> Node:
        return total([*(tensor.leaf() for tensor in before), log_p.leaf(token)]) if before else log_p.leaf(token)


class BeamScore(Operation, log_prob="Σ log p"):
    """Σ log p of n tokens, a scalar, -> a scalar: what beam search ranks its hypotheses by."""

    formula = "Σ log p / n^length_penalty"
    latex = r"\frac{1}{n^{\alpha}} \sum_{t \le n} \log p(y_t \mid y_{<t})"
    reference = N_("Wu et al. 2016, §7, eq. 14 (n for (5 + n) / 6)")

    def forward(self, log_prob: Tensor, *, tokens: int, penalty: float) -> Tensor:
        return Tensor(np.asarray(score_of(float(log_prob.array), tokens, penalty)), ())

    def derive(self, index: tuple[int, ...], log_prob: Tensor, *, tokens: int, penalty: float) -> Node:
        return log_prob.leaf() / Number(float(tokens**penalty), f"n^length_penalty = {tokens}^{penalty:g}")


def score_of(log_prob: float, tokens: int, penalty: float) -> float:
    """The score of a hypothesis of so many tokens."""
    return float(log_prob / tokens**penalty)


class Kept(Operation):
    """[vocab], and a score, -> an id: the one with which beam search went on to the hypothesis of that score.

    The search decided over all its beams at once.
    """

    formula = N_("kept by beam search")
    latex = r"y_t"
    reference = "Graves 2012, §3.2; Sutskever et al. 2014, §3.2"

    def forward(self, probs: Tensor, score: Tensor, *, token: int) -> Tensor:
        return Tensor(np.asarray(token), ())

    def derive(self, index: tuple[int, ...], probs: Tensor, score: Tensor, *, token: int) -> Node:
        return Which(probs.leaf(token), by=(score.leaf(),))


def _last(z: Tensor) -> tuple[int, ...]:
    """The place of the last row, on every axis but that of the vocabulary."""
    return tuple(n - 1 for n in z.shape[:-1])


def _only(z: Tensor, kept: Array) -> Tensor:
    cut = np.full_like(z.array, -np.inf)
    cut[kept] = z.array[kept]
    return Tensor(cut, z.dims)


def _random(seed: int, number: int) -> float:
    """u, from 0 to below 1."""
    return float(np.random.Generator(np.random.Philox(key=seed, counter=number)).random())


def _is_allowed(token: int, forbidden: Mapping[int, Message], forced: int | None) -> bool:
    return token == forced if forced is not None else token not in forbidden


def _ruling(token: int, forbidden: Mapping[int, Message], forced: int | None) -> str:
    """What a rule has to say about a token, or nothing."""
    if forced is not None:
        return _("token {id} is forced here").format(id=forced)
    return spoken(forbidden[token]) if token in forbidden else ""


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


def _sum(pattern: Callable[..., Node], **rows: Row) -> Node:
    """A sum as `over` makes it, of cells of which there may be none."""
    return over(pattern, **rows) if all(map(len, rows.values())) else Number(0.0)


candidates = Candidates()
repetition = Repetition()
temper = Temper()
top_k = TopK()
top_p = TopP()
argmax = Argmax()
draw = Draw()
log_softmax = LogSoftmax()
allowed = Allowed()
summed_log_prob = SummedLogProb()
beam_score = BeamScore()
kept = Kept()
