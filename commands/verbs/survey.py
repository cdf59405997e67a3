"""``survey``: the same asked of the sentences of a file."""

from __future__ import annotations

from typing import Annotated

from tracer.corpus.asking import OfOne
from tracer.debugger.debugger import Debugger

from ..grammar.parameters import Expr, File, Option, up_to
from ..registry import command
from ..results.result import Results
from ..results.surveyed import over_corpus

FIRST, MOST = 100, 10_000
"""So many sentences are asked where nobody says, and at most."""
First = Annotated[int, Option("first", "N", up_to(MOST, "first"))]


@command("survey", group="reason")
def survey(debugger: Debugger, file: File, expression: Expr, *, first: First = FIRST) -> Results:
    """Ask the sentences of a file what an expression is.

    FILE has a text a line; a .tsv may have the output in its second column, which is then given, a .jsonl and a
    .parquet have the texts under text. The first 100 sentences are traced with the model and the settings of the
    session, first N takes more or fewer. E is worked out at the end of every step; one of the encoder alone, once.
    What has a number for each position gives as many.

    You see the mean at every layer and head, its 95 % interval over sentences, drawn again and again with the same
    seed, and the spread; means by class of token; and the sentences with the smallest and the largest means, with a
    command that opens the first. Your own runs stay as they are. Ctrl-C shows what is done. tx-trace survey does it to
    a whole corpus, with a worker for each core, and writes a table.

    (tx) print text > "lines.txt"
    (tx) survey lines.txt entropy(dec.*.cross.weights[:, -1:])
    (tx) survey lines.txt first 20 next(enc.*.self.weights)
    """
    yield from over_corpus(debugger, file, OfOne(expression.text), first)
