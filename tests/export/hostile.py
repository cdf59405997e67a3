"""A document of every kind of block, full of signs that mean something to someone."""

from tracer.document import Branch, Cell, Column, Formula, Lines, Paragraph, Span, Table, Tree
from tracer.export.writer import UNTITLED

HOSTILE = "<script>alert('1')</script> a|b `c` ``` *d* _e_ [b] [f](g) & &amp; $h$ #1 \\ ~~i~~ \"j\" </pre></text>"
FORMULA = Formula("a < b | c", r"\frac{a}{b} < c | d")


def table(n=3):
    """A table with n columns of numbers, whose second row stands for rows left out."""
    columns = [Column("key", "query", "<"), *(Column(str(i), HOSTILE) for i in range(n))]
    row = [Cell(Span(HOSTILE, "dim")), *(Cell(Span("0.5", f"h{i % 11}"), 0.5) for i in range(n))]
    return Table(
        columns,
        [row, [Cell(Span("… 8 more …", "dim")), *[Cell(Span(""))] * n], [Cell(Span("x")), *[Cell(FORMULA)] * n]],
    )


LINES = Lines([[Span(HOSTILE), Span(HOSTILE, "bold")], [], [Span("爱", "h9"), Span("nan", "nan")]])
BLOCKS = [
    Paragraph([Span(HOSTILE), Span(HOSTILE, "bold"), FORMULA]),
    LINES,
    table(),
    Tree([Branch([Paragraph([Span(HOSTILE)])], [Branch([table(), LINES])]), Branch([Paragraph([FORMULA])])]),
]


def written(writer, blocks):
    """A document in which a hostile line was typed, with these blocks, a failure and a remark."""
    said = [writer.remark(HOSTILE), writer.command(f"(tx) {HOSTILE}")]
    return document(writer, *said, *map(writer.block, blocks), writer.failure(HOSTILE))


def document(writer, *parts, title=UNTITLED):
    """A document of what its parts came to."""
    return "".join(writer.document(title, parts))
