"""Dumps in memory: numbers as other programs would write them down, whatever the format of their files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

import tracer
from tracer.dumps.dump import Dump, Entry
from tracer.dumps.evidence import Evidence, Hash, Printed, Statistics, Values
from tracer.tensor import Array

TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "bool": "BOOL"}
"""What safetensors calls types of NumPy."""


class Told(Dump):
    """A dump of some entries, which stand in no file."""

    def __init__(self, entries: Iterable[Entry], name: str = "port.npz") -> None:
        super().__init__(Path(name))
        self._entries = list(entries)

    @classmethod
    def recognises(cls, path: Path, head: bytes, names: Collection[str]) -> bool:
        return False

    @property
    def entries(self) -> Sequence[Entry]:
        return self._entries


def values(array: Array, dtype: str = "") -> Values:
    """Every number."""
    return Values(array.shape, dtype or TYPES[array.dtype.name], read=lambda: array)


def bf16(array: Array) -> Values:
    """Every number, as the nearest of 8 digits."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    return values(((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32), "BF16")


def f16(array: Array) -> Values:
    """Every number, as the nearest of 11 digits."""
    with np.errstate(over="ignore"):
        return values(array.astype(np.float16))


def printed(array: Array, decimals: int = 4, edge: int | None = None, total: float | None = None) -> Printed:
    """So many decimals of every number, or of the first and last ``edge`` along each axis; and their sum."""
    along = [[i for i in range(n) if edge is None or i < edge or i >= n - edge] for n in array.shape]
    places = np.stack(np.meshgrid(*along, indexing="ij"), -1).reshape(-1, array.ndim).astype(int)
    shown = array[tuple(places.T)].astype(np.float64).round(decimals)
    half = np.full(len(shown), 0.5 * 10.0**-decimals)
    return Printed(array.shape, places=places, values=shown, half=half, total=total)


def summed(array: Array, decimals: int = 4) -> Printed:
    """The first and last three numbers along each axis, and the sum of all."""
    return printed(array, decimals, 3, float(array.sum(dtype=np.float64)))


def statistics(array: Array) -> Statistics:
    """Figures over all numbers, with six digits."""
    whole = array.astype(np.float64)
    figures = {"min": whole.min(), "max": whole.max(), "mean": whole.mean(), "norm": np.sqrt((whole * whole).sum())}
    return Statistics(array.shape, figures={name: float(f"{found:.6g}") for name, found in figures.items()}, share=5e-6)


def hashed(array: Array) -> Hash:
    """One figure over all numbers."""
    return Hash(array.shape, total=float(np.abs(array.astype(np.float64)).sum()))


KINDS: Mapping[str, Callable[[Array], Evidence]] = {
    "values": values,
    "bf16": bf16,
    "f16": f16,
    "text": printed,
    "summed": summed,
    "statistics": statistics,
    "hash": hashed,
}
"""What there may be of numbers."""


def recorded(run: tracer.Run) -> dict[str, Array]:
    """What a run computed, by address."""
    records = (record for step in run.steps for record in step if record.output.array.dtype.kind == "f")
    return {record.output.address: record.output.array for record in records}


def ids(run: tracer.Run) -> list[Entry]:
    """What a run read, as entries."""
    given = {
        "input_ids": run.source_ids,
        "decoder_input_ids": run.target_ids or None,
        "attention_mask": run.mask,
        "position_ids": run.positions,
    }
    return [Entry(name, values(np.array([row]))) for name, row in given.items() if row is not None]


def dump(run: tracer.Run, arrays: Mapping[str, Array], kind: str = "values") -> Told:
    """What a run read, and some arrays."""
    return Told([*ids(run), *(Entry(name, KINDS[kind](array)) for name, array in arrays.items())])
