"""From a distribution over the vocabulary to one token, every stage recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import numpy as np

from ..arithmetic import Given, Max, Named, Node, Noted, Number, Replaced, Which, exp, log, over, total
from ..i18n import N_, Message, _, spoken
from ..operation import Flow, Operation, to
from ..tensor import Tensor
from .gradients.choice import (
    kept_gradient,
    length_decay_gradient,
    log_softmax_gradient,
    repetition_gradient,
    token_gradient,
)
from .gradients.linear import pass_on, scale_gradient
from .truncation import only, summed

CHOSEN = N_("an id is chosen: it stays the same as the numbers change by a little")


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
            return only(Tensor(z, vocab), np.asarray([forced]))
        if forbidden:
            z = z.copy()
            z[list(forbidden)] = -np.inf
        return Tensor(z, vocab)

    def backward(
        self, dy: Tensor, y: Tensor, logits: Tensor, *, forbidden: Mapping[int, Message], forced: int | None
    ) -> Iterator[Flow]:
        yield to(logits, kept_gradient, dy, y, like=logits.dims, shape=logits.shape)

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

    def backward(
        self, dy: Tensor, y: Tensor, z: Tensor, *, ids: Sequence[int], penalty: float, reason: Message
    ) -> Iterator[Flow]:
        yield to(z, repetition_gradient, dy, z, ids=ids, penalty=penalty)

    def derive(self, index: tuple[int, ...], z: Tensor, *, ids: Sequence[int], penalty: float, reason: Message) -> Node:
        cell, zero, factor = z.leaf(*_last(z), *index), Number(0.0), Number(penalty, "θ")
        if index[0] not in ids:
            return cell
        below, above = Given(cell * factor, (cell, zero), ("<",)), Given(cell / factor, (zero, cell), ("≤",))
        return Noted(below if cell.value < 0 else above, spoken(reason))


class Bias(Operation):
    """[vocab], or of [position, vocab] the last position, -> [vocab]: ``biases`` added to the tokens that have one."""

    formula = N_("z + the bias of a token that has one")
    latex = "z_i + b_i"
    reference = N_("sequence_bias of transformers' generation")

    def forward(self, z: Tensor, *, biases: Mapping[int, float], reason: Message) -> Tensor:
        row = z.array[_last(z)].copy()
        row[list(biases)] += np.asarray(list(biases.values()), row.dtype)
        return Tensor(row, z.dims[-1:])

    def backward(
        self, dy: Tensor, y: Tensor, z: Tensor, *, biases: Mapping[int, float], reason: Message
    ) -> Iterator[Flow]:
        yield to(z, kept_gradient, dy, y, like=z.dims, shape=z.shape)

    def derive(self, index: tuple[int, ...], z: Tensor, *, biases: Mapping[int, float], reason: Message) -> Node:
        cell, bias = z.leaf(*_last(z), *index), biases.get(index[0])
        return cell if bias is None else Noted(cell + Number(bias, "b"), spoken(reason))


class LengthDecay(Operation, factor="f"):
    """[vocab], or of [position, vocab] the last position, -> [vocab]: ``ids`` likelier by f with every token more.

    ``tokens`` is how many were chosen beyond those from which on that holds; what is forbidden stays so.
    """

    formula = N_("z + |z| · (f^n − 1) of end tokens, n tokens beyond the length stated; z of the others")
    latex = "z_i + |z_i| (f^n - 1)"
    reference = N_("exponential_decay_length_penalty of transformers' generation")

    def forward(self, z: Tensor, *, ids: Sequence[int], factor: float, tokens: int) -> Tensor:
        row = z.array[_last(z)].copy()
        ends = [i for i in ids if np.isfinite(row[i])]
        row[ends] += np.abs(row[ends]) * row.dtype.type(_gain(factor, tokens))
        return Tensor(row, z.dims[-1:])

    def backward(
        self, dy: Tensor, y: Tensor, z: Tensor, *, ids: Sequence[int], factor: float, tokens: int
    ) -> Iterator[Flow]:
        yield to(z, length_decay_gradient, dy, z, ids=ids, gain=_gain(factor, tokens))

    def derive(self, index: tuple[int, ...], z: Tensor, *, ids: Sequence[int], factor: float, tokens: int) -> Node:
        cell = z.leaf(*_last(z), *index)
        if index[0] not in ids or not math.isfinite(cell.value):
            return cell
        gain = Number(_gain(factor, tokens), f"f^n − 1 = {factor:g}^{tokens} − 1")
        return Noted(cell + Max((cell, -cell)) * gain, _("an end token"))


class Temper(Operation):
    """[vocab] -> [vocab]: below 1 sharper, above 1 flatter."""

    formula = "z / temperature"
    latex = r"z / T"
    reference = "Ackley et al. 1985"

    def forward(self, z: Tensor, *, temperature: float) -> Tensor:
        return Tensor(z.array if temperature == 1 else z.array / z.array.dtype.type(temperature), z.dims)

    def backward(self, dy: Tensor, y: Tensor, z: Tensor, *, temperature: float) -> Iterator[Flow]:
        yield to(z, scale_gradient, dy, by=1 / temperature, symbol="1/temperature")

    def derive(self, index: tuple[int, ...], z: Tensor, *, temperature: float) -> Node:
        return z.leaf(*index) / Number(temperature, "temperature")


class Argmax(Operation, probs="p"):
    """[vocab] -> an id: the likeliest, of equals the first."""

    formula = "argmax"
    latex = r"\arg\max_i p_i"
    reference = N_("greedy decoding")
    constant = CHOSEN
    chooses = True

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
    constant = CHOSEN
    chooses = True

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
        before = Named(_("Σ before"), summed(lambda p: p, p=row.at(range(place))))
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

    def backward(self, dy: Tensor, y: Tensor, x: Tensor) -> Iterator[Flow]:
        yield to(x, log_softmax_gradient, dy, y, like=x.dims, shape=x.shape)

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

    def backward(
        self, dy: Tensor, y: Tensor, log_p: Tensor, *, forbidden: Mapping[int, Message], forced: int | None
    ) -> Iterator[Flow]:
        """A token that is forced has 0 whatever log p is, so that no gradient goes back then."""
        if forced is None:
            yield to(log_p, kept_gradient, dy, y, like=log_p.dims, shape=log_p.shape)

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

    def backward(self, dy: Tensor, y: Tensor, log_p: Tensor, *before: Tensor, token: int) -> Iterator[Flow]:
        yield to(log_p, token_gradient, dy, token=token, like=log_p.dims, length=log_p.shape[0], dtype=log_p.dtype.type)
        yield from (to(tensor, pass_on, dy, like=tensor.dims) for tensor in before)

    def derive(self, index: tuple[int, ...], log_p: Tensor, *before: Tensor, token: int) -> Node:
        return total([*(tensor.leaf() for tensor in before), log_p.leaf(token)]) if before else log_p.leaf(token)


class BeamScore(Operation, log_prob="Σ log p"):
    """Σ log p of n tokens, a scalar, -> a scalar: what beam search ranks its hypotheses by."""

    formula = "Σ log p / n^length_penalty"
    latex = r"\frac{1}{n^{\alpha}} \sum_{t \le n} \log p(y_t \mid y_{<t})"
    reference = N_("Wu et al. 2016, §7, eq. 14 (n for (5 + n) / 6)")

    def forward(self, log_prob: Tensor, *, tokens: int, penalty: float) -> Tensor:
        return Tensor(np.asarray(score_of(float(log_prob.array), tokens, penalty)), ())

    def backward(self, dy: Tensor, y: Tensor, log_prob: Tensor, *, tokens: int, penalty: float) -> Iterator[Flow]:
        symbol = f"1/n^length_penalty = 1/{tokens}^{penalty:g}"
        yield to(log_prob, scale_gradient, dy, by=tokens**-penalty, symbol=symbol)

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
    constant = CHOSEN
    chooses = True

    def forward(self, probs: Tensor, score: Tensor, *, token: int) -> Tensor:
        return Tensor(np.asarray(token), ())

    def derive(self, index: tuple[int, ...], probs: Tensor, score: Tensor, *, token: int) -> Node:
        return Which(probs.leaf(token), by=(score.leaf(),))


def _last(z: Tensor) -> tuple[int, ...]:
    """The place of the last row, on every axis but that of the vocabulary."""
    return tuple(n - 1 for n in z.shape[:-1])


def _gain(factor: float, tokens: int) -> float:
    """fⁿ − 1; beyond what a number can be, infinite."""
    try:
        return float(factor**tokens) - 1
    except OverflowError:
        return math.inf


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


candidates = Candidates()
repetition = Repetition()
bias = Bias()
length_decay = LengthDecay()
temper = Temper()
argmax = Argmax()
draw = Draw()
log_softmax = LogSoftmax()
allowed = Allowed()
summed_log_prob = SummedLogProb()
beam_score = BeamScore()
kept = Kept()
