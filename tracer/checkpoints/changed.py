"""Tensors that are made of another one that a file has: as that is, but for what a kind of them says."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from ..dataclass import dataclass
from ..tensor import Array
from .stored import DType, Made, ParameterFile, Stored


@dataclass(frozen=True)
class Changed(Stored):
    """A tensor as another one, ``inner``, has it, but for what a subclass says."""

    inner: Stored

    @property
    def file(self) -> ParameterFile:  # type: ignore[override]
        """The file of the inner one."""
        return self.inner.file

    @property
    def name(self) -> str:  # type: ignore[override]
        """The name of the inner one."""
        return self.inner.name

    @property
    def dtype(self) -> str:  # type: ignore[override]
        """The type of the inner one."""
        return self.inner.dtype

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """The shape of the inner one."""
        return self.inner.shape

    @property
    def bytes(self) -> int:
        return self.inner.bytes

    @property
    def is_float(self) -> bool:
        return self.inner.is_float

    def called(self, name: str) -> Stored:
        return replace(self, inner=self.inner.called(name))


@dataclass(frozen=True)
class Turned(Changed):
    """A matrix [in, out] that the file has as [out, in]."""

    order: ClassVar[Literal["C", "F"]] = "F"

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """That of the inner one, the other way round."""
        return self.inner.shape[::-1]

    def read_into(self, room: Array, first: int = 0) -> None:
        self.inner.read_into(room, first)

    def map(self, dtype: DType) -> Array | None:
        mapped = self.inner.map(dtype)
        return None if mapped is None else mapped.T

    def made(self, index: tuple[int, ...]) -> Made | None:
        return self.inner.made(index[::-1])
