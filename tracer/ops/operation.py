"""What every operation is: one object that knows everything about itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from ..i18n import spoken

if TYPE_CHECKING:
    from ..arithmetic import Node
    from ..tape import Record
    from ..tensor import Tensor


class Operation:
    """One kind of computation.

    A subclass states its formula (Unicode and LaTeX, for row vectors) and where it stands in the literature, computes
    a result with its axes in `forward`, and gives the arithmetic of one cell in `derive`. Both take the inputs as
    positional tensors, and trained parameters and settings by keyword. The singleton beside each class is what
    models call.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    latex: ClassVar[str]
    reference: ClassVar[str]
    shares: ClassVar[bool] = False
    """Whether the output is a view of memory that outlives the step."""

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def forward(self, *inputs: Any, **parameters: Any) -> Tensor:
        """Compute: tensors in, a tensor with named axes out. Nothing is written in place."""
        raise NotImplementedError

    def derive(self, index: tuple[int, ...], *inputs: Any, **parameters: Any) -> Node:
        """The arithmetic of the result's cell at ``index``; its leaves are cells of inputs and parameters."""
        raise NotImplementedError

    def note(self, record: Record) -> str:
        """What a one-line account of a record says after its shape; the formula, unless there is more to tell."""
        return spoken(self.formula)

    def convention(self, record: Record) -> str:
        """Whether vectors are rows or columns, where that matters to how the formula reads."""
        return ""

    def __repr__(self) -> str:
        return f"<operation {self.name}>"
