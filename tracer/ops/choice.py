"""From a distribution over the vocabulary to one token, every stage recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..arithmetic import Named, Node, Number, Which, exp, log, over, total
from ..i18n import N_, Message, _, spoken
from ..tensor import Array, Tensor
from .operation import Operation


class Candidates(Operation):
    """[position, vocab] -> [vocab]: the row that yields the next token, −∞ where a rule forbids it.

    ``forbidden`` gives the reason for each id ruled out; where one id is ``forced``, it alone is left.
    """

    formula = N_("the last position's logits, −∞ where forbidden")
    latex = N_("{value} if {token} is allowed, else {never}").typeset(value="z_{t,i}", token="i", never=r"-\infty")
    reference = "Vaswani et al. 2017, §3.1 (auto-regressive); Keskar et al. 2019, §4.1 (penalties)"

    def forward(self, logits: Tensor, *, forbidden: Mapping[int, Message], forced: int | None) -> Tensor:
        z = logits.array[-1]
        if forced is not None:
            return _only(Tensor(z, logits.dims[1:]), np.asarray([forced]))
        if forbidden:
            z = z.copy()
            z[list(forbidden)] = -np.inf
        return Tensor(z, logits.dims[1:])

    def derive(
        self, index: tuple[int, ...], logits: Tensor, *, forbidden: Mapping[int, Message], forced: int | None
    ) -> Node:
        token = index[0]
        if forced is not None and token != forced:
            return Number(-np.inf, "−∞", _("token {id} is forced here").format(id=forced))
        if forced is None and token in forbidden:
            return Number(-np.inf, "−∞", spoken(forbidden[token]))
        return logits.leaf(logits.shape[0] - 1, token)


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
        return _kept_or_not(index, z, self.forward(z, k=k), _("not among the {k} largest").format(k=k))


class TopP(Operation):
    """[vocab] -> [vocab]: −∞ outside the smallest set of likeliest tokens whose probability reaches p."""

    formula = N_("z in the nucleus of probability p, else −∞")
    latex = N_("{value} if {kept}, else {never}").typeset(value="z_i", kept=r"i \in V^{(p)}", never=r"-\infty")
    reference = "Holtzman et al. 2020, §3.1"

    def forward(self, z: Tensor, *, p: float) -> Tensor:
        order = np.argsort(-z.array, kind="stable")
        likely = np.exp(z.array[order].astype(np.float64) - z.array.max())
        before = np.cumsum(likely) - likely
        return _only(z, order[before < p * likely.sum()])

    def derive(self, index: tuple[int, ...], z: Tensor, *, p: float) -> Node:
        return _kept_or_not(index, z, self.forward(z, p=p), _("outside the nucleus of probability {p}").format(p=p))


class Argmax(Operation):
    """[vocab] -> an id: the likeliest, of equals the first."""

    formula = "argmax"
    latex = r"\arg\max_i p_i"
    reference = N_("greedy decoding")

    def forward(self, probs: Tensor) -> Tensor:
        return Tensor(np.asarray(probs.array.argmax()), ())

    def derive(self, index: tuple[int, ...], probs: Tensor) -> Node:
        return Which(probs.leaf(int(probs.array.argmax())))


class Draw(Operation):
    """[vocab] -> an id: the first whose cumulative probability exceeds u, the n-th number drawn from ``seed``.

    The generator is Philox, counted by the step, so that a step computed again draws the same.
    """

    formula = N_("the first id with Σ p > u")
    latex = r"\min \{ i : \sum_{j \le i} p_j > u \}"
    reference = "Salmon et al. 2011 (Philox)"

    def forward(self, probs: Tensor, *, seed: int, number: int) -> Tensor:
        u = np.random.Generator(np.random.Philox(key=seed, counter=number)).random()
        cumulative = np.cumsum(probs.array, dtype=np.float64)
        return Tensor(np.asarray(np.searchsorted(cumulative, u * cumulative[-1], "right")), ())

    def derive(self, index: tuple[int, ...], probs: Tensor, *, seed: int, number: int) -> Node:
        return Which(probs.leaf(int(self.forward(probs, seed=seed, number=number).array)))


class LogSoftmax(Operation):
    """[vocab], or of [position, vocab] the last position, -> [vocab]: the logarithm of softmax."""

    formula = "x − max − log Σ exp(x − max)"
    latex = r"x_j - \log \sum_i e^{x_i}"
    reference = "Bridle 1990"

    def forward(self, z: Tensor) -> Tensor:
        row = z.array[_last(z)]
        shifted = row - row.max()
        return Tensor(shifted - np.log(np.exp(shifted).sum()), z.dims[-1:])

    def derive(self, index: tuple[int, ...], z: Tensor) -> Node:
        row = z.row(*_last(z))
        shift = Named("max", row.largest())
        return row[index[0]] - shift - log(over(lambda x: exp(x - shift), x=row))


class Allowed(Operation):
    """[vocab] -> [vocab]: log p as beam search takes it, −∞ where a rule forbids the token, 0 where one forces it.

    ``forbidden`` gives the reason for each id ruled out; what these lose of their probability is lost.
    """

    formula = N_("log p, −∞ where forbidden, 0 where forced")
    latex = N_("{value} if {token} is allowed, else {never}").typeset(value=r"\log p_i", token="i", never=r"-\infty")
    reference = "Vaswani et al. 2017, §6.1 (beam search); Keskar et al. 2019, §4.1 (penalties)"

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
        if forced is not None:
            reason = _("token {id} is forced here").format(id=forced)
            return Number(0.0, "0", reason) if token == forced else Number(-np.inf, "−∞", reason)
        return Number(-np.inf, "−∞", spoken(forbidden[token])) if token in forbidden else log_p.leaf(token)


class SummedLogProb(Operation):
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


class BeamScore(Operation):
    """Σ log p of n tokens, a scalar, -> a scalar: what beam search ranks its hypotheses by."""

    formula = "Σ log p / n^length_penalty"
    latex = r"\frac{1}{n^{\alpha}} \sum_{t \le n} \log p(y_t \mid y_{<t})"
    reference = "Wu et al. 2016, §7, eq. 14 (n for (5 + n) / 6)"

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


def _kept_or_not(index: tuple[int, ...], z: Tensor, cut: Tensor, reason: str) -> Node:
    return Number(-np.inf, "−∞", reason) if np.isneginf(cut.array[index]) else z.leaf(*index)


candidates = Candidates()
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
