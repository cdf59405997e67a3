"""What E stands for."""

from tracer.i18n import N_

from ..topic import Topic

E = Topic(
    "E",
    N_("An expression: addresses, numbers, operators and functions."),
    N_("""\
In a usage line it is all the rest of the line, with blanks as you like. help expressions says what it is made of. Where
it is a condition, it must come out as one truth value."""),
    (
        "print max(dec.0.cross.weights, key)",
        "break dec.*.cross.weights if max(weights[h0]) > .5",
        "expect max(probs) > .1",
    ),
)
