"""What LOC stands for."""

from tracer.i18n import N_

from ..topic import Topic

LOC = Topic(
    "LOC",
    N_("A place in the run, where a motion goes or a breakpoint stands."),
    N_("""\
It is the address of a record: dec.0.cross.weights in the cursor's step, @3:logits in step 3, #12 for the 12th record of
this step, @3#12 for that of another. goto takes @3 for the end of step 3, start, end, and the name of a bookmark, too.
until takes diff A B, for the next record that differs between two runs.

break and tbreak stop there as often as a motion comes by, whatever the step, if none is named. They take an address
with * or **, @3 for the first record of step 3, op:NAME for every record of an operation, and token:"PIECE" for the end
of a step that yields that token."""),
    (
        "goto @1:dec.0.self.scores",
        "until dec.0.cross.weights",
        "break op:softmax",
        'break token:"love"',
    ),
)
