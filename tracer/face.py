"""What programs ask of a run and is worked out elsewhere: gradients, attributions, steps of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from .tensor import Tensor

if TYPE_CHECKING:
    from .run import Run


class Face:
    """A run as programs ask it."""

    def descend(self, rate: float, expression: str, step: int | None = None, how: str = "SGD", times: int = 1) -> Run:
        """A branch whose parameters are moved against the gradients of an expression, by SGD or Adam, so many times.

        ``step`` is as in `gradient`.

        Raises:
            InputError: the rate is no number above 0, there is no such way, or a moved parameter would not be finite;
                or as `gradient` does.
        """
        from .descent import descended
        from .gradients import asked

        return descended(self._run, asked(self._run, self._meant(step), expression), rate, how, times)

    def gradient(self, expression: str, step: int | None = None) -> Mapping[str, Tensor]:
        """The gradients of an expression over a step, the last one computed or else the first one after the encoder's.

        They are under the address of what they are of, or the parameter's name in the file, each worked out when it is
        asked for.

        Raises:
            AddressError: the run has no such step.
            ExpressionError: the expression is no single number, or has no derivative.
        """
        from .gradients import gradients

        return gradients(self._run, self._meant(step), expression)

    def attribute(
        self,
        expression: str,
        *,
        method: str = "integrated",
        at: str | None = None,
        steps: int = 64,
        baseline: str | float | None = None,
        step: int | None = None,
    ) -> Tensor:
        """What each token adds to an expression over a step, the last one computed or else the first after the encoder.

        The tokens are those along the record ``at``, or those that the encoder and the decoder read. ``method`` is
        ``"integrated"``, along so many ``steps`` of a path, ``"grad_input"`` or ``"occlusion"``; ``baseline`` is what
        stands for a token that is not there, 0 or ``"pad"``. The scores are [position] with the tokens for labels;
        ``sum`` is what they come to, ``difference`` what they should.

        Raises:
            AddressError: the run has no such step, or nothing is recorded at the address.
            InputError: there is no such method or baseline, or the record has no axis of tokens.
            ExpressionError: the expression is no single number, or has no derivative.
        """
        from .attribution.attribute import of_tokens

        return of_tokens(self._run, expression, method, at, steps, baseline, self._meant(step))

    @property
    def _run(self) -> Run:
        """Itself, which is one."""
        return cast("Run", self)

    def _meant(self, step: int | None) -> int:
        """The number of a step; where none is named, of the last one computed, or else of the first after @0."""
        run = self._run
        return max(run.computed, run.begins[run.texts[-1].side]) if step is None else step
