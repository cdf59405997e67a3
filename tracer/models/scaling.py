"""How rotary frequencies are scaled to longer texts, by the kind that a file names.

The arithmetic is that of transformers' `modeling_rope_utils`, in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from ..arithmetic import Named, Node, Number, exp, log, sqrt
from ..dataclass import dataclass
from ..i18n import _
from ..ops.frequencies import Frequencies

if TYPE_CHECKING:
    from .rotary import Reading

ONE = Number(1.0)


class Rotary(Protocol):
    """The frequencies by which queries and keys are turned."""

    def at(self, positions: Sequence[int]) -> Frequencies:
        """Those for a pass over some positions."""


@dataclass(frozen=True)
class Steady:
    """The same for every text."""

    frequencies: Frequencies

    def at(self, positions: Sequence[int]) -> Frequencies:
        return self.frequencies


@dataclass(frozen=True)
class Stepped:
    """Others for a text of more than ``length`` tokens (LongRoPE; Ding et al. 2024)."""

    short: Frequencies
    long: Frequencies
    length: float

    def at(self, positions: Sequence[int]) -> Frequencies:
        return self.long if _reach(positions) > self.length else self.short


@dataclass(frozen=True)
class Growing:
    """The base grows with a text of more than ``trained`` tokens (NTK-aware scaling; Peng et al. 2023, §3.3)."""

    base: float
    dims: int
    factor: float
    trained: int

    def at(self, positions: Sequence[int]) -> Frequencies:
        return _grown(self, max(_reach(positions), self.trained))


Kind = Callable[["Reading"], Rotary]
"""What one kind of scaling makes of what a file states."""


def angles(base: float, dims: int) -> tuple[Number, ...]:
    """θᵢ = base^(−2i/d) of every pair."""
    return tuple(Number(base ** (-i / dims), f"{base:g}^(−{i}/{dims})") for i in range(0, dims, 2))


def _reach(positions: Sequence[int]) -> int:
    """The length of the shortest text that has these positions."""
    return (positions[-1] if isinstance(positions, range) else max(positions)) + 1


def _default(r: Reading) -> Rotary:
    return Steady(Frequencies(angles(r.base, r.d_k)))


def _partial(r: Reading) -> Rotary:
    return Steady(Frequencies(r.plain))


def _linear(r: Reading) -> Rotary:
    return Steady(Frequencies(tuple(angle / r.setting("factor") for angle in r.plain)))


def _llama3(r: Reading) -> Rotary:
    """Slow waves are slowed further, fast ones kept, those between blended (Grattafiori et al. 2024, §3.4.1)."""
    factor, trained = r.setting("factor"), Number(r.trained, "original_max_position_embeddings")
    low, high = r.setting("low_freq_factor"), r.setting("high_freq_factor")

    def scaled(angle: Number) -> Node:
        turns = trained * angle / Number(2 * math.pi, "2π")
        if turns.evaluate() < low.value:
            return angle / factor
        if turns.evaluate() > high.value:
            return angle
        return _blended(angle / factor, angle, Named("kept", (turns - low) / (high - low)))

    return Steady(Frequencies(tuple(map(scaled, r.plain))))


def _yarn(r: Reading) -> Rotary:
    """Pairs that turn seldom are slowed, those that turn often kept, those between blended (Peng et al. 2023, §3.2)."""
    factor, (low, high) = r.factor, _blended_pairs(r)

    def scaled(pair: int, angle: Number) -> Node:
        slowed = (Number(float(pair), "pair") - low) / (high - low)
        part = slowed.evaluate()
        if part <= 0:
            return angle
        return angle / factor if part >= 1 else _blended(angle, angle / factor, Named("slowed", slowed))

    return Steady(Frequencies(tuple(scaled(*pair) for pair in enumerate(r.plain)), _yarn_scale(r, factor)))


def _blended_pairs(r: Reading) -> tuple[Number, Number]:
    """Between which pairs slowing sets in: those with ``beta_fast`` and ``beta_slow`` turns over the trained length."""
    r.stating("rope_theta").insist(r.base != 1, "rope_theta", _("a number other than 1"))
    fast, slow = (r.setting(key, default).value for key, default in (("beta_fast", 32), ("beta_slow", 1)))
    trained, dims = r.trained, r.dims
    low, high = (dims * math.log(trained / (turns * 2 * math.pi)) / (2 * math.log(r.base)) for turns in (fast, slow))
    if r.scaling.flag("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dims - 1)
    first = Number(float(low), f"pair(beta_fast = {fast:g})")
    return first, Number(float(high + 0.001 if low == high else high), f"pair(beta_slow = {slow:g})")


def _yarn_scale(r: Reading, factor: Number) -> Node | None:
    """How much larger attention is made: as stated, or 0.1 ln(factor) + 1."""
    if r.scaling.get("attention_factor") is not None:
        return r.setting("attention_factor")
    if factor.value <= 1:
        return None
    grown = Number(0.1) * log(factor) + ONE
    if r.scaling.states("mscale", "mscale_all_dim"):
        above, below = (Number(0.1) * r.setting(key) * log(factor) + ONE for key in ("mscale", "mscale_all_dim"))
        return above / below
    return grown


def _longrope(r: Reading) -> Rotary:
    """Each pair is slowed by a factor of its own, of which there are two sets, for short and for long texts."""
    trained = r.trained
    short, long = (
        tuple(
            angle / Number(slower, f"{key}[{i}]") for i, (angle, slower) in enumerate(zip(r.plain, stated, strict=True))
        )
        for key in ("short_factor", "long_factor")
        for stated in [r.scaling.numbers(key, len(r.plain))]
    )
    scale = _longrope_scale(r, Number(trained, "original_max_position_embeddings"))
    return Stepped(Frequencies(short, scale), Frequencies(long, scale), trained)


def _longrope_scale(r: Reading, trained: Number) -> Node | None:
    """How much larger attention is made: as stated, or √(1 + ln(factor) / ln(original length))."""
    if r.scaling.get("attention_factor") is not None:
        return r.setting("attention_factor")
    ratio = Number(r.longest / trained.value, "max_position_embeddings / original_max_position_embeddings")
    factor = ratio if r.scaling.get("factor") is None else r.factor
    if factor.value <= 1:
        return None
    r.scaling.insist(trained.value > 1, "original_max_position_embeddings", _("a number above 1"))
    return sqrt(ONE + log(factor) / log(trained))


def _dynamic(r: Reading) -> Rotary:
    r.stated.insist(r.d_k > 2, "head_dim", _("more than 2, as the base is to grow with the text"))
    return Growing(r.base, r.dims, r.setting("factor").value, r.longest)


@lru_cache(maxsize=64)
def _grown(g: Growing, length: int) -> Frequencies:
    """θᵢ = b^(−2i/d) with b = base · (factor · length / trained − (factor − 1))^(d/(d − 2))."""
    if length == g.trained:
        return Frequencies(angles(g.base, g.dims))
    factor = Number(g.factor, "factor")
    longer = factor * Number(float(length), "length") / Number(float(g.trained), "max_position_embeddings")
    power = Number(g.dims / (g.dims - 2), "d/(d − 2)")
    base = Named("b", Number(g.base, "rope_theta") * exp(power * log(longer - (factor - ONE))))
    return Frequencies(
        tuple(exp(-(Number(i / g.dims, f"{i}/{g.dims}") * log(base))) if i else ONE for i in range(0, g.dims, 2))
    )


def _proportional(r: Reading) -> Rotary:
    """The first pairs are turned as if all were, the others not at all."""
    factor, turned = r.setting("factor", 1.0), int(r.partly * r.d_k // 2)
    still = Number(0.0, "0 (beyond partial_rotary_factor)")
    plain = enumerate(angles(r.base, r.d_k))
    return Steady(Frequencies(tuple(angle / factor if i < turned else still for i, angle in plain)))


def _blended(one: Node, other: Node, part: Named) -> Node:
    """``part`` of the other, and the rest of the one."""
    return (ONE - part) * one + part * other


KINDS: Mapping[str, Kind] = {
    "default": _default,
    "linear": _linear,
    "dynamic": _dynamic,
    "yarn": _yarn,
    "longrope": _longrope,
    "llama3": _llama3,
    "proportional": _proportional,
}
"""How frequencies are scaled, by the name that files have for it."""

PARTLY: Mapping[str, Kind] = {**KINDS, "default": _partial}
"""The same where a part of each head may be turned."""

LONG: Mapping[str, Kind] = {"default": _partial, **dict.fromkeys(("longrope", "su", "yarn"), _longrope)}
"""Those of Phi-3, whose files call the last of them by older names."""
