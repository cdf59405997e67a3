"""Scripts: what they read, write and rely on."""

from __future__ import annotations

from tracer.debugger.expressions import truth
from tracer.debugger.session import Session
from tracer.errors import ExpectationError
from tracer.i18n import _

from ..parameters import Expr
from ..registry import command
from ..results import Results, answer


@command("expect", group="files")
def expect(session: Session, expression: Expr) -> Results:
    """Go on only if an expression is true.

    A script ends with status 3 where it is not.

    (tx) expect sum(dec.0.cross.weights[h0, 0]) > .99
    """
    if not truth(expression.evaluate(session.here)):
        raise ExpectationError(_("{expression} does not hold").format(expression=expression.text))
    yield answer("expect", lambda: {"expression": expression.text, "holds": True}, lambda: _("holds"))
