"""Style sheets for the tones of a document, on light ground and on dark."""

from __future__ import annotations

from ..heat import CENTRE, PUOR, TONES, ink, inside_out

CHINESE = "'Noto Sans Mono CJK SC','Sarasa Mono SC','PingFang SC','Microsoft YaHei','Noto Sans CJK SC'"
MONOSPACED = f"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,{CHINESE},monospace"

LIGHT = {"paper": "#ffffff", "ink": "#1b1b1f", "dim": "#63636e", "line": "#d9d9e0", "bar": "#8073ac", "mark": "#0a58ca"}
DARK = {"paper": "#16161a", "ink": "#e6e6ea", "dim": "#a0a0ac", "line": "#3a3a44", "bar": "#b2abd2", "mark": "#7db2ff"}


def variables(colours: dict[str, str]) -> str:
    """``:root{--paper:#ffffff;…}``."""
    return f":root{{{''.join(f'--{name}:{colour};' for name, colour in colours.items())}}}"


def heat_rules(rule: str, *, is_dark: bool) -> str:
    """A rule for every class of heat, with ``{tone}``, ``{ground}`` and ``{ink}`` put in.

    On dark ground the scale is turned inside out, so that what is near zero is near the ground there too.
    """
    classes = [k for k in range(len(PUOR)) if k != CENTRE]
    grounds = [PUOR[inside_out(k) if is_dark else k] for k in classes]
    return "".join(
        rule.format(tone=TONES[k], ground=ground, ink=ink(ground)) for k, ground in zip(classes, grounds, strict=True)
    )
