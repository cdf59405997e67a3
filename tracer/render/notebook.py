"""A tensor in a notebook."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from ..tensor import Tensor
from ..views.tensors import tensor_view
from .drawing import Drawn

WIDTH = 110
_HTML = (
    '<pre style="white-space:pre;overflow-x:auto;line-height:normal;'
    "font-family:Menlo,'DejaVu Sans Mono',Consolas,monospace\">{code}</pre>"
)


def mimebundle(tensor: Tensor) -> dict[str, str]:
    """What a notebook shows of a tensor: plain text, and HTML with the colours of the terminal."""
    console = Console(
        file=StringIO(),
        width=WIDTH,
        record=True,
        color_system="truecolor",
        force_jupyter=False,
        no_color=False,
        legacy_windows=False,
    )
    console.print(Drawn(tensor_view(tensor)))
    return {
        "text/plain": console.export_text(clear=False),
        "text/html": console.export_html(inline_styles=True, code_format=_HTML),
    }
