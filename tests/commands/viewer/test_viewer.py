"""The viewer without a terminal: keys in, lines out."""

import itertools

import numpy as np
import pytest
from rich.cells import cell_len

from commands.viewer.actions import actions, topics
from commands.viewer.browsing import Browsing
from commands.viewer.subject import Recorded, Subject
from commands.viewer.viewer import Viewer
from tracer.render.page import Page, width_of
from tracer.tensor import Axis, Tensor


def texts(viewer):
    """The lines on the screen, without the blanks at their ends."""
    return ["".join(text for text, *_ in line).rstrip() for line in viewer.frame().lines]


def under_cursor(viewer):
    """The text that stands out as the cell under the cursor."""
    frame = viewer.frame()
    cells = [text for text, style, _ in frame.lines[frame.cursor[1]][1:] if style is not None and style.reverse]
    return "".join(cells).strip()


def big(rows, columns):
    return Tensor(np.arange(rows * columns).reshape(rows, columns) / 8, (Axis("position"), Axis("feature")), "@1:big")


def test_a_screen_has_title_labels_cells_and_what_is_under_the_cursor(tensor, open_on):
    assert texts(open_on(tensor, "down", "right", width=100)) == [
        "@1:x   [head 2, query 4, key 5]   x∈[0.000, 1.340]   μ 0.670   σ 0.513",
        "key          0      1      2       3      4",
        "query       我     爱   北京  天安门   </s>",
        "0 <s>    0.000  0.010  0.020   0.030  0.040",
        "1 ▁i     0.100  0.110  0.120   0.130  0.140",
        "2 ▁love  0.200  0.210  0.220   0.230  0.240",
        "3 北京   0.300  0.310  0.320   0.330  0.340",
        "",
        "",
        "",
        "(x)[0,1,1] = 0.110000   head 0   query 1 ▁i   key 1 爱",
        "? help   q leave   / label   @ cell   [ ] matrix   z heat",
    ] or texts(open_on(tensor))
