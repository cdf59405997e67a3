"""Rotary positions (Su et al. 2021, §3.4.2): what a file states of the angle of each pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..arithmetic import Number
from ..dataclass import dataclass
from ..i18n import N_, _
from .scaling import KINDS, LONG, PARTLY, Kind, Rotary, angles
from .stated import Stated
from .windows import FULL, SLIDING

KEYS = (
    *("factor", "original_max_position_embeddings", "partial_rotary_factor", "attention_factor", "truncate"),
    *("beta_fast", "beta_slow", "mscale", "mscale_all_dim", "low_freq_factor", "high_freq_factor"),
    *("short_factor", "long_factor"),
)
"""What a scaling can state; each kind reads some of it."""


@dataclass(frozen=True)
class Reading:
    """What every kind of scaling reads: the file, the object in it, the angles unscaled, and how long texts were.

    ``kinds`` are those that a family knows, ``usual_part`` which part of d_k is turned where nothing is stated.
    """

    stated: Stated
    scaling: Stated
    base: float
    d_k: int
    kind: str
    kinds: ClassVar[Mapping[str, Kind]] = KINDS
    usual_part: ClassVar[float] = 1.0

    @property
    def longest(self) -> int:
        """The longest text that the model is made for."""
        return int(self.stated.taken["max_position_embeddings"])

    @property
    def trained(self) -> float:
        """The longest text before it was made for longer ones; stated outside the object, it counts before inside."""
        key = "original_max_position_embeddings"
        inside = self.scaling.number(key, self.longest)
        if self.stated.get(key) is not None and self.scaling.get(key) is not None:
            _outdone(self.scaling, key, self.stated.get(key))
        return self.stated.number(key, inside)

    @property
    def partly(self) -> float:
        """Which part of d_k is turned."""
        key = "partial_rotary_factor"
        part = self.scaling.number(key, self.stated.number(key, self.usual_part))
        self.stating(key).insist(part <= 1, key, _("at most 1"))
        return part

    @property
    def dims(self) -> int:
        """The number of features turned, which must be all of them: most families know no others."""
        dims = int(self.d_k * self.partly)
        whole = _("1, as {kind} turns all of head_dim = {d_k} here and in transformers")
        key = "partial_rotary_factor"
        self.stating(key).insist(
            2 * len(range(0, dims, 2)) == self.d_k, key, whole.format(kind=self.kind, d_k=self.d_k)
        )
        return dims

    @property
    def plain(self) -> tuple[Number, ...]:
        """The angle of each pair, unscaled."""
        return angles(self.base, self.dims)

    @property
    def factor(self) -> Number:
        """By how much texts are longer than they were; null is that ratio."""
        if self.scaling.is_null("factor"):
            return Number(self.longest / self.trained, "max_position_embeddings / original_max_position_embeddings")
        return Number(self.scaling.number("factor"), "factor")

    def stating(self, key: str) -> Stated:
        """The object, or the file around it: where a key is stated that may stand in either."""
        return self.stated if self.scaling.get(key) is None else self.scaling

    def setting(self, key: str, *default: float) -> Number:
        """A number that is stated, under its own name."""
        return Number(self.scaling.number(key, *default), key)


class InPart(Reading):
    """The first features of each head may be turned alone."""

    kinds: ClassVar[Mapping[str, Kind]] = PARTLY

    @property
    def dims(self) -> int:
        dims = int(self.d_k * self.partly)
        turned, key = 2 * len(range(0, dims, 2)), "partial_rotary_factor"
        some = _("a factor by which one pair of features or more, of head_dim = {d_k}, is turned").format(d_k=self.d_k)
        self.stating(key).insist(0 < turned <= self.d_k, key, some)
        return dims


class OfGptNeox(InPart):
    """A quarter of each head is turned where nothing else is stated."""

    usual_part: ClassVar[float] = 0.25


class OfPhi3(InPart):
    """What stands outside the object counts."""

    kinds: ClassVar[Mapping[str, Kind]] = LONG

    @property
    def trained(self) -> float:
        key = "original_max_position_embeddings"
        counting = self.stated.number(key, 4096)
        if self.scaling.get(key) is not None:
            _outdone(self.scaling, key, counting)
        return counting

    @property
    def dims(self) -> int:
        key, dims = "partial_rotary_factor", super().dims
        even = _("a factor that makes an even number, above 0, of the {d_k} features turn").format(d_k=self.d_k)
        self.stating(key).insist(dims % 2 == 0, key, even)
        return dims


def rotary(stated: Stated, d_k: int, *, base: float = 10000.0, reading: type[Reading] = Reading) -> Rotary:
    """The frequencies, as one of two objects asks for them; `max_position_embeddings` was read before.

    ``base`` is that of the family where none is stated, ``reading`` how it reads what is stated.
    """
    scaling = _object(stated)
    theta = scaling.number("rope_theta", stated.number("rope_theta", base))
    if scaling.get("rope_theta") is not None and stated.get("rope_theta") is not None:
        _outdone(stated, "rope_theta", theta)
    for layers in (FULL, SLIDING):
        scaling.refuse(layers)
    found = _found(stated, scaling, theta, d_k, reading)
    for unread in ("partial_rotary_factor", "original_max_position_embeddings"):
        if unread not in stated.fates:
            stated.expect(unread)
    return found


def rotary_of_layers(stated: Stated, d_k: int, layers: str, key: str, base: float) -> Rotary:
    """The frequencies of the layers of one kind, of which `rope_parameters` has an object of their own.

    Older files state their base under ``key``; `rope_scaling` is of full attention. `max_position_embeddings` was read.
    """
    scaling = _of_layers(stated, layers)
    theta = scaling.number("rope_theta", stated.number(key, base))
    return _found(stated, scaling, theta, d_k)


def _of_layers(stated: Stated, layers: str) -> Stated:
    """What is stated of the layers of one kind, older statements first."""
    older, newer = stated.get("rope_scaling", {}), stated.get("rope_parameters", {})
    for key, value in (("rope_scaling", older), ("rope_parameters", newer)):
        stated.insist(isinstance(value, dict), key, _("an object"))
    inner = newer.get(layers) or {}
    stated.insist(isinstance(inner, dict), "rope_parameters", _("an object for each kind of layer"))
    if layers == FULL:
        stated.part("rope_parameters", {key: value for key, value in newer.items() if key not in (FULL, SLIDING)})
    return stated.part(f"rope_parameters: {layers}", {**inner, **(older if layers == FULL else {})})


def _found(stated: Stated, scaling: Stated, base: float, d_k: int, reading: type[Reading] = Reading) -> Rotary:
    """What the kind of scaling makes of an object; of what that does not read a note is made."""
    if scaling.get("rope_type") is not None:
        scaling.outvote("type", "rope_type")
    key = "rope_type" if scaling.get("rope_type") is not None else "type"
    kind = scaling.one_of(key, reading.kinds, "default")
    found = reading.kinds[kind](reading(stated, scaling, base, d_k, kind))
    for unread in KEYS:
        if unread not in scaling.fates:
            scaling.expect(unread)
    return found


def _object(stated: Stated) -> Stated:
    """`rope_scaling`, or where that is empty, `rope_parameters`."""
    older, newer = stated.get("rope_scaling"), stated.get("rope_parameters")
    for key, value in (("rope_scaling", older), ("rope_parameters", newer)):
        stated.insist(isinstance(value, dict) or not value, key, _("an object"))
    if older and newer:
        stated.outvote("rope_parameters", "rope_scaling")
    return stated.within("rope_scaling" if older else "rope_parameters")


def _outdone(stated: Stated, key: str, counting: Any) -> None:
    """Note that a key is stated twice, and the other one counts."""
    if stated.get(key) != counting:
        stated.note(
            N_("{file}: {settings} does not count, as in transformers: another place states {counting}"),
            [key],
            counting=counting,
        )
