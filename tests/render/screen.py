"""A terminal to see views on."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table

from tracer.document import Block
from tracer.render.console import make_console
from tracer.render.drawing import Drawn, draw
from tracer.render.sheet import BOX, Sheet
from tracer.views.view import View


def seen(view: View, width: int = 100, *, accessible: bool = False, box: str = BOX, **environ: str) -> str:
    """What a view looks like; with colours where the environment asks for them."""
    file = io.StringIO()
    console = make_console(file, width=width, color="auto", accessible=accessible, environ=environ, box=box)
    console.print(Drawn(view))
    return file.getvalue()


def drawn(blocks: Sequence[Block], sheet: Sheet) -> Iterator[RenderableType]:
    """What rich is given to draw of some blocks."""
    return (part for block in blocks for part in draw(block, sheet))


def tables(view: View, sheet: Sheet) -> list[Table]:
    """The tables that rich draws of a view."""
    return [part for part in drawn(list(view.blocks(sheet.page)), sheet) if isinstance(part, Table)]
