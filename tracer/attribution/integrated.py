"""Integrated gradients: the slopes of a number added up on the way from a place where no token says anything."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add

from ..i18n import N_, Message, _
from ..ops.norm import Norm
from ..tape import Record
from ..tensor import Array
from ..work import work
from .method import Trust, method
from .tokens import Question, Scored, tapes


@method(
    formula="Σ (x − x₀) · (1/N) Σₖ ∂E/∂x at x₀ + (k + ½)/N · (x − x₀)",
    latex=r"\sum (x - x_0) \cdot \frac{1}{N} \sum_{k=0}^{N-1} "
    r"\left.\frac{\partial E}{\partial x}\right|_{x_0 + \frac{k + 1/2}{N} (x - x_0)}",
    reference="Sundararajan et al. 2017, eq. 1 and 3 (midpoint rule)",
    trust=Trust.PATH,
    leaves_out=N_(
        "other ways from the baseline, and other baselines, would give other scores; all tokens go the way together, "
        "so that what two of them do only together is divided between them"
    ),
)
def integrated(asked: Question) -> Scored:
    """The midpoint rule, with all places on the way together; raises as `Question.slopes` does."""
    points = ((k + 0.5) / asked.steps for k in range(asked.steps))
    found = (asked.slopes(asked.along(point)) for point in work(points, _("steps of the path"), asked.steps))
    sums = reduce(_added, found)
    of_places = zip(asked.places, asked.spans, sums, strict=True)
    scores = [place.by_token(span * total) / asked.steps for place, span, total in of_places]
    return Scored(scores, asked.difference, tuple(_remarks(asked)))


def _added(some: list[Array], others: list[Array]) -> list[Array]:
    return list(map(add, some, others))


def _remarks(asked: Question) -> Iterator[Message]:
    """That the way begins where a norm divides by next to nothing."""
    records = (record for tape in tapes(asked.origin, asked.step) for record in tape)
    singular = next(filter(_is_of_nothing, records), None)
    if singular is not None:
        told = N_(
            "the baseline is singular: {address} is of rows of zeros there, which it divides by √ε alone, so that E "
            "changes almost wholly next to it; a record behind the norm, or baseline pad, has no such place"
        )
        yield told.format(address=singular.output.address)


def _is_of_nothing(record: Record) -> bool:
    """Whether a record is a norm of a row of zeros."""
    return isinstance(record.op, Norm) and record.op.is_of_nothing(record.inputs[0])
