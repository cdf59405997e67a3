"""What CELL stands for."""

from tracer.i18n import N_

from ..topic import Topic

CELL = Topic(
    "CELL",
    N_("One number of a recorded tensor or of a parameter."),
    N_("""\
It is an address with one place on every axis: dec.0.cross.weights[h0, -1, "love"], @2:logits[-1, 44], choice, which has
none. Places count from 0, from the end with a minus; h1 is a head, a text in quotes the place of a token.

why also takes the number of an operand of the last explanation, and a token in quotes for the reasons for its
choice."""),
    (
        "why dec.0.cross.weights[h0, 0, 1]",
        "why 1",
        'why "love"',
    ),
)
