"""Colours say the same on dark ground and on light, with all of them, with 256, and with 16."""

import io
from itertools import pairwise

import numpy as np
import pytest

from tracer.heat import CENTRE, TONES, contrast, ink
from tracer.render.console import make_console
from tracer.render.drawing import Drawn
from tracer.render.sheet import Sheet
from tracer.tensor import Axis, Tensor
from tracer.views.tensors import tensor_view

MATRIX = Tensor(np.arange(3)[:, None] + np.arange(3) / 1000, (Axis("query"), Axis("key")), "@1:m")
GROUNDS = {"dark": "#000000", "light": "#ffffff"}
DEPTHS = ("truecolor", "256")
SYSTEM = {"truecolor": 3, "256": 2}
XTERM = {"red": "#cd0000", "magenta": "#cd00cd", "yellow": "#cdcd00", "bright_magenta": "#ff00ff", "blue": "#0000ee"}
XTERM |= {"cyan": "#00cdcd"}


def shown(tone, depth, ground):
    """A tone's ink and ground, as they come out."""
    style = Sheet(depth=depth, ground=ground).style(tone)
    return [c.downgrade(SYSTEM[depth]).get_truecolor().hex for c in (style.color, style.bgcolor)]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("arm", [TONES[CENTRE - 1 :: -1], TONES[CENTRE + 1 :]])
def test_a_number_farther_from_zero_stands_out_more(depth, ground, arm):
    apart = [contrast(shown(tone, depth, ground)[1], GROUNDS[ground]) for tone in arm]
    assert all(less < more for less, more in pairwise(apart)), apart
    assert apart[0] < 4
    assert apart[-1] > 5


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("depth", [*DEPTHS, "standard", None])
def test_zero_has_the_ground_of_the_terminal(depth, ground):
    assert Sheet(depth=depth, ground=ground).style(TONES[CENTRE]).bgcolor is None


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_number_is_read_well_on_its_ground(depth, ground):
    for tone in (*TONES[:CENTRE], *TONES[CENTRE + 1 :]):
        assert contrast(*shown(tone, depth, ground)) >= 4.5, tone


@pytest.mark.parametrize("ground", GROUNDS)
def test_sixteen_colours_are_read_well_on_the_ground(ground):
    sheet = Sheet(depth="standard", ground=ground)
    below, above = (sheet.style(tone).color.name for tone in (TONES[0], TONES[-1]))
    assert below != above
    for name in (below, above, sheet.style("code").color.name):
        assert contrast(XTERM[name], GROUNDS[ground]) >= 4.5, name


def test_dim_text_is_dim_as_the_terminal_has_it_on_its_own_ground():
    assert [Sheet(depth="truecolor", ground=ground).style("dim").color for ground in GROUNDS] == [None, None]


def test_the_ink_is_always_read_well():
    assert min(contrast(ink(grey), grey) for grey in (f"#{n:02x}{n:02x}{n:02x}" for n in range(256))) >= 4.5


def test_black_and_white_are_21_apart():
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)


def seen(tensor, color):
    """What a terminal with all colours shows of a tensor."""
    file, environ = io.StringIO(), {"COLORTERM": "truecolor"}
    make_console(file, width=100, color=color, accessible=False, environ=environ).print(Drawn(tensor_view(tensor)))
    return file.getvalue()


def test_the_scale_stands_below_where_there_are_coloured_grounds():
    assert "-2.002 \x1b" in seen(MATRIX, "always").splitlines()[-1]
    assert "-2.002" not in seen(MATRIX, "never")


@pytest.mark.parametrize("array", [np.array([[3, 900], [7, 0]]), np.zeros((2, 2)), np.full((2, 2), -np.inf)])
def test_what_has_nothing_on_the_scale_has_neither_colours_nor_scale(array):
    tensor = Tensor(array, (Axis("query"), Axis("key")), "@1:ids")
    assert "48;2" not in seen(tensor, "always")
