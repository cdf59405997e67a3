"""The formulas of the lecture, each where a model that is being traced computes it."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from tracer.debugger.locations import performed
from tracer.document import Formula
from tracer.i18n import N_, Message
from tracer.operation import Operation
from tracer.ops.attention import Scores, Weigh
from tracer.ops.linear import Add, Concat, Linear
from tracer.ops.norm import LayerNorm
from tracer.ops.position import Sinusoids
from tracer.ops.softmax import Softmax
from tracer.tape import Record
from tracer.tensor import HEAD
from tracer.trace import Trace


class Written(NamedTuple):
    """A formula of the lecture: its name, as it is written, and the operation in a module that computes it.

    Of several the first is meant, or the last where ``is_last``. ``command`` has ``{address}`` and ``{cell}`` for where
    that is, and its first cell; ``{row}`` for its first row.
    """

    name: Message
    formula: Formula
    operation: type[Operation]
    module: str
    command: str
    is_last: bool = False


def _of(operation: type[Operation], head: str = "", latex: str = "") -> Formula:
    """A formula that the lecture writes as the operation does, behind the name that it has there."""
    return Formula(head + operation.formula, latex + operation.latex)


FORMULAS = (
    Written(
        N_("positions, at even features"),
        Formula("PE(pos, 2i) = sin(pos / 10000^(2i/d))", r"PE_{(pos,2i)} = \sin(pos / 10000^{2i/d})"),
        Sinusoids,
        "*.embed",
        "why {address}[1, 0]",
    ),
    Written(
        N_("positions, at odd features"),
        Formula("PE(pos, 2i+1) = cos(pos / 10000^(2i/d))", r"PE_{(pos,2i+1)} = \cos(pos / 10000^{2i/d})"),
        Sinusoids,
        "*.embed",
        "why {address}[1, 1]",
    ),
    Written(
        N_("scores"),
        _of(Scores),
        Scores,
        "*.self_attn",
        "formula {address}{cell}",
    ),
    Written(
        N_("attention"),
        Formula(
            "Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V",
            r"\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\left(\frac{Q K^{\top}}{\sqrt{d_k}}\right) V",
        ),
        Weigh,
        "*.self_attn",
        "map {address}",
    ),
    Written(
        N_("heads"),
        Formula(
            "MultiHead(Q, K, V) = Concat(head₁, …, headₕ) Wᴼ",
            r"\mathrm{MultiHead}(Q, K, V) = \mathrm{Concat}(head_1, \ldots, head_h) W^O",
        ),
        Concat,
        "*.self_attn",
        "p {address}",
    ),
    Written(
        N_("residual connection"),
        Formula("x + Sublayer(x)", r"x + \mathrm{Sublayer}(x)"),
        Add,
        "*.self_attn",
        "p {address}",
    ),
    Written(
        N_("layer norm"),
        _of(LayerNorm, "LayerNorm(x) = ", r"\mathrm{LayerNorm}(x) = "),
        LayerNorm,
        "*.self_attn",
        "why {address}{cell}",
    ),
    Written(
        N_("masked softmax"),
        Formula(
            "α′₁,₁ = exp(α₁,₁) / Σⱼ exp(α₁,ⱼ)", r"\alpha'_{1,1} = \frac{\exp(\alpha_{1,1})}{\sum_j \exp(\alpha_{1,j})}"
        ),
        Softmax,
        "decoder.*.self_attn",
        "p {address}{row}",
    ),
    Written(
        N_("feed-forward"),
        Formula("FFN(x) = max(0, x W₁ + b₁) W₂ + b₂", r"\mathrm{FFN}(x) = \max(0, x W_1 + b_1) W_2 + b_2"),
        Linear,
        "*.0.ffn",
        "map {address}",
        is_last=True,
    ),
    Written(
        N_("linear"),
        Formula("Linear(x) = W x + b", r"\mathrm{Linear}(x) = W x + b"),
        Linear,
        "",
        "formula {address}{cell}",
    ),
    Written(
        N_("softmax over the vocabulary"),
        Formula("pᵢ = exp(zᵢ) / Σⱼ exp(zⱼ)", r"p_i = \frac{\exp(z_i)}{\sum_j \exp(z_j)}"),
        Softmax,
        "",
        "why {address}{cell}",
    ),
)
"""In the order of the lecture."""


class Found(NamedTuple):
    """A formula with the record that computes it in a run, if one does."""

    written: Written
    record: Record | None

    @property
    def command(self) -> str:
        """What shows it; nothing where nothing computes it."""
        if self.record is None:
            return ""
        output = self.record.output
        places = ["h0" if axis == HEAD.name else "0" for axis in output.axes]
        cell, row = (f"[{', '.join(some)}]" for some in (places, places[:-1]))
        return self.written.command.format(address=output.address, cell=cell, row=row)


def found(run: Trace) -> list[Found]:
    """Every formula where a run computes it; of a live one the first step of each kind is performed."""
    performed(run, 1)
    records = [record for number in run.numbers[:2] for record in run.step(number).forward]
    return [Found(written, _record(written, records)) for written in FORMULAS]


def _record(written: Written, records: Sequence[Record]) -> Record | None:
    """The record that is meant: the first of its operation, or the last of those in the first module that has some."""
    fitting = [record for record in records if _is_meant(written, record)]
    first = [record for record in fitting if record.scope == fitting[0].scope]
    return None if not first else first[-1 if written.is_last else 0]


def _is_meant(written: Written, record: Record) -> bool:
    return isinstance(record.op, written.operation) and fnmatchcase(record.scope, written.module)
