"""Input times gradient: how a number would change if every token said nothing, were it linear in what they say."""

from __future__ import annotations

from ..i18n import N_
from .method import Trust, method
from .tokens import Question, Scored


@method(
    formula="Σ (x − x₀) · ∂E/∂x",
    latex=r"\sum (x - x_0) \cdot \frac{\partial E}{\partial x}",
    reference="Denil et al. 2014, §3.2; Shrikumar et al. 2017, §3.1",
    trust=Trust.PATH,
    leaves_out=N_("how E bends on the way to the baseline: where a token is needed, but more of it changes nothing, 0"),
)
def grad_input(asked: Question) -> Scored:
    """The first term of Taylor's series at the run itself; raises as `Question.slopes` does."""
    slopes = asked.slopes(asked.run)
    of_places = zip(asked.places, asked.spans, slopes, strict=True)
    return Scored([place.by_token(span * slope) for place, span, slope in of_places], asked.difference)
