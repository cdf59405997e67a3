"""The viewer without a terminal: keys in, lines out."""

import itertools

import numpy as np
import pytest

from commands.results.recorded import Recorded
from commands.viewer.actions import actions, topics
from commands.viewer.subject import Subject
from commands.viewer.viewer import Viewer
from tracer.addresses import At, Index, parse
from tracer.render.drawing import width_of
from tracer.render.sheet import Sheet
from tracer.tensor import Axis, Tensor
from tracer.views.heat import HeatPainter


def texts(viewer):
    """The lines on the screen, without the blanks at their ends."""
    return ["".join(text for text, *_ in line).rstrip() for line in viewer.frame().lines]


def under_cursor(viewer):
    """The text that stands out as the cell under the cursor."""
    frame = viewer.frame()
    cells = [text for text, style, _ in frame.lines[frame.cursor[1]][1:] if style is not None and style.reverse]
    return "".join(cells).strip()


def big(rows, columns):
    return Tensor(
        np.arange(rows * columns).reshape(rows, columns) / 8, (Axis("position"), Axis("feature")), "big", At(1)
    )


def test_a_screen_has_title_labels_cells_and_what_is_under_the_cursor(tensor, open_on):
    assert texts(open_on(tensor, "down", "right")) == [
        "@1:x   [head 2, query 4, key 5]   x∈[0.000, 1.340]   μ 0.670   σ 0.513",
        "key           0       1       2       3       4",
        "query        我      爱    北京  天安门    </s>",
        "0 <s>     0.000   0.010   0.020   0.030   0.040",
        "1 ▁i      0.100   0.110   0.120   0.130   0.140",
        "2 ▁love   0.200   0.210   0.220   0.230   0.240",
        "3 北京    0.300   0.310   0.320   0.330   0.340",
        "",
        "",
        "",
        "(x)[0,1,1] = 0.110000   head 0   query 1 ▁i   key 1 爱",
        "? help   q leave   / label   @ cell   [ ] matrix   z heat",
    ]


def test_the_cell_under_the_cursor_stands_out_with_its_labels(tensor, open_on):
    viewer = open_on(tensor, "down", "right")
    assert under_cursor(viewer) == "0.110"
    reversed_texts = [
        text.strip() for line in viewer.frame().lines for text, style, _ in line if style and style.reverse
    ]
    assert reversed_texts == ["1", "爱", "1 ▁i", "0.110"]


@pytest.mark.parametrize(
    ("keys", "cell"),
    [
        ("jjl", "0.210"),
        (["right", "right", "left", "down", "up"], "0.010"),
        (["end"], "0.040"),
        (["end", "home"], "0.000"),
        ("G", "0.300"),
        ("Gg", "0.000"),
        ("]", "1.000"),
        (["tab", "tab"], "0.000"),
        (["s-tab"], "1.000"),
        (["@", *"2,-1", "enter"], "0.240"),
        (["@", *'h1,"love",0', "enter"], "1.200"),
        (["/", *"lov", "enter"], "0.200"),
        (["/", *"北", "enter", "n"], "0.320"),
        (["/", "▁", "enter", "n"], "0.200"),
        (["/", "▁", "enter", "n", "N"], "0.100"),
        (["f7"], "0.000"),
    ],
)
def test_keys_lead_to_cells(tensor, open_on, keys, cell):
    assert under_cursor(open_on(tensor, *keys)) == cell


def test_pages_and_edges_of_a_large_matrix(open_on):
    viewer = open_on(big(100, 100), "pagedown", "L")
    lines = texts(viewer)
    assert lines[1].split()[:2] == ["feature", "7"]
    assert lines[2].split()[0] == "8"
    assert under_cursor(viewer) == f"{(8 * 100 + 7) / 8:.3f}"
    viewer.press("G")
    assert texts(viewer)[9].split()[0] == "99"
    for key in ("pageup", "b", "H", "g"):
        viewer.press(key)
    assert texts(viewer)[2].split()[:2] == ["0", "0.000"]


def test_axes_can_be_seen_otherwise(tensor, open_on):
    assert texts(open_on(tensor, "t"))[1:4] == [
        "query         0      1      2      3",
        "key         <s>     ▁i  ▁love   北京",
        "0 我      0.000  0.100  0.200  0.300",
    ]
    assert texts(open_on(tensor, "a"))[1:5] == [
        "key        0       1       2       3       4",
        "head      我      爱    北京  天安门    </s>",
        "0      0.000   0.010   0.020   0.030   0.040",
        "1      1.000   1.010   1.020   1.030   1.040",
    ]


def test_heat_alone_with_a_ground_of_colour(tensor, open_on):
    viewer = open_on(tensor, "z", depth="truecolor")
    assert texts(viewer)[1:4] == ["key      0 1 2 3 4", "query   我爱北天</", "0 <s>"]
    grounds = [style.bgcolor is not None for _text, style, _ in viewer.frame().lines[6] if style is not None]
    assert any(grounds)
    viewer.press("z")
    assert texts(viewer)[1] == "key     0 2 4"
    viewer.press("z")
    assert "0.010" in texts(viewer)[3]


def test_heat_alone_without_colours_has_signs_and_shades(open_on):
    array = np.array([[1.0, -1.0, 0.5, 0.0], [np.inf, -np.inf, np.nan, -0.3]])
    tensor = Tensor(array, (Axis("query"), Axis("key")), "x", At(1))
    assert texts(open_on(tensor, "z"))[2:4] == ["0    █-█ ░", "1    ∞ · ?-░"]
    assert texts(open_on(tensor, "z", plain=True))[2:4] == ["0    #-# :", "1    ^ . ?-:"]


def test_one_row_and_one_place_are_seen_too(open_on):
    row = Tensor(np.arange(3.0), (Axis("vocab"),), "row", At(1))
    viewer = open_on(row, "down")
    assert texts(viewer)[1:5] == ["value      0", "vocab", "0      0.000", "1      1.000"]
    assert texts(viewer)[-2] == "(x)[1] = 1.000000   vocab 1"
    viewer.press("t")
    assert texts(viewer)[1:3] == ["vocab      0      1      2", "0      0.000  1.000  2.000"]


def test_whole_numbers_and_truth_values_have_no_decimals(open_on):
    assert texts(open_on(Tensor(np.array([[7, 12]]), (Axis("a"), Axis("b")))))[2] == "0   7  12"
    assert texts(open_on(Tensor(np.array([[True, False]]), (Axis("a"), Axis("b")))))[2] == "0   1   0"


def test_typing_is_seen_and_can_be_taken_back(tensor, open_on):
    viewer = open_on(tensor, "/", "北", "x")
    assert texts(viewer)[-1] == "/北x"
    assert viewer.frame().cursor == (4, 11)
    viewer.press("backspace")
    assert texts(viewer)[-1] == "/北"
    viewer.press("c-u")
    viewer.paste("a\tb\x1b")
    assert texts(viewer)[-1] == "/ab"
    viewer.press("escape")
    assert texts(viewer)[-1].startswith("? help")
    assert viewer.mode is not None


def test_what_leads_nowhere_is_said_until_the_next_key(tensor, open_on):
    viewer = open_on(tensor, "@", *"9,9", "enter")
    assert texts(viewer)[-1] == "index 9 is out of range on axis query: it has 4 places, 0 to 3"
    viewer.press("down")
    assert texts(viewer)[-1].startswith("? help")
    assert texts(open_on(tensor, "/", *"nobody", "enter"))[-1] == 'no label contains "nobody"'


def test_an_expression_has_no_derivation(tensor, open_on):
    assert "no operation is recorded" in texts(open_on(tensor, "enter"))[-1]


def test_a_recorded_cell_says_where_it_comes_from(session):
    session.token()
    [record] = session.here.matches(parse("dec.0.cross.weights"))
    selectors = (Index(1, head=True),)
    origin = Recorded(session.run, record, record.output.locate(selectors))
    subject = Subject(record.output.select(selectors), "w", origin, probabilities=True)
    viewer = Viewer(subject, Sheet(width=80))
    viewer.press("right")
    assert texts(viewer)[-2].startswith("@1:decoder.0.cross_attn.weights[1,0,1] = 0.")
    viewer.press("enter")
    assert texts(viewer)[0].startswith("@1:decoder.0.cross_attn.weights[1,0,1] = 0.")
    assert "softmax" in texts(viewer)[1]
    viewer.press("q")
    assert texts(viewer)[0].startswith("w   [query 1, key 4]")


def test_enter_goes_on_with_the_operands_and_back_comes_back(session):
    session.token()
    [record] = session.here.matches(parse("dec.0.ffn.hidden"))
    viewer = Viewer(
        Subject(record.output, "x", Recorded(session.run, record, record.output.locate(()))), Sheet(width=90)
    )
    viewer.press("enter")
    shown = texts(viewer)
    operands = [line.partition(") ")[2].partition(" = ")[0] for line in shown if line.startswith(("├── (", "└── ("))]
    assert [address.partition("[")[0] for address in operands] == [
        "@1:decoder.0.cross_attn.norm",
        "decoder.0.ffn.hidden.weight",
        "decoder.0.ffn.hidden.bias",
    ]
    assert shown[-1].startswith("Enter operand (1)   q back")
    viewer.press("enter")
    assert texts(viewer)[0].startswith(f"{operands[0]} = ")
    viewer.press("q")
    assert texts(viewer)[0] == shown[0]
    viewer.press("9")
    assert texts(viewer)[-1].startswith("Enter operand (9)")
    viewer.press("enter")
    assert texts(viewer)[0] == shown[0]
    for key in ("3", "2", "backspace", "enter"):
        viewer.press(key)
    assert texts(viewer)[0] == "parameter  decoder.0.ffn.hidden.bias"
    assert texts(viewer)[-1] == "q back"
    for key in ("enter", "q"):
        viewer.press(key)
    assert texts(viewer)[0].startswith("x   [position 1, feature 32]")


def test_the_help_names_every_key_and_scrolls(tensor, open_on):
    viewer = open_on(tensor, "?", height=60)
    shown = "\n".join(texts(viewer))
    assert all(topic.written in shown and topic.meaning in shown for topic in topics())
    viewer.resize(80, 6)
    assert texts(viewer)[-1].startswith("q back   space ")
    for _page in range(5):
        viewer.press(" ")
    assert texts(viewer)[-1] == "q back"
    assert "leave" in texts(viewer)[-2]
    viewer.press("home")
    assert texts(viewer)[0].strip() == "key"


@pytest.mark.parametrize("key", ["q", "escape", "c-c"])
def test_leaving(tensor, open_on, key):
    viewer = open_on(tensor, key)
    assert viewer.mode is None
    assert viewer.frame().lines == []
    viewer.press("down")


@pytest.mark.parametrize(("width", "height"), [*itertools.product((1, 2, 3, 8, 20, 80, 160), (1, 2, 3, 5, 50))])
@pytest.mark.parametrize("plain", [False, True])
def test_every_size_of_a_screen_is_filled_and_never_passed(tensor, open_on, width, height, plain):
    viewer = open_on(tensor, width=width, height=height, plain=plain)
    for key in ["down", "z", "/", "x", "escape", "z", "z", "pagedown", "t", "a", "?", "down", "q", "@", "enter"]:
        viewer.press(key)
        lines, (x, y) = viewer.frame()
        assert len(lines) == height
        assert x >= 0
        assert 0 <= y < height
        if width >= 20:
            assert max(map(width_of, lines)) <= width
            assert x < width


def test_random_keys_never_fail(tensor, open_on):
    rng, keys = np.random.default_rng(7), [*(set(actions()) - {"q", "escape", "c-c"}), "backspace", "x", "0", ","]
    viewer = open_on(tensor)
    for number in rng.integers(0, len(keys), 1500):
        viewer.press(keys[number])
        assert len(viewer.frame().lines) == 12


def test_only_what_is_seen_is_formatted(open_on, monkeypatch):
    viewer = open_on(big(1000, 1000), width=160, height=50)
    painted = []
    paint = HeatPainter.paint
    monkeypatch.setattr(HeatPainter, "paint", lambda self, values: painted.append(values.size) or paint(self, values))
    for key in ("pagedown", "L", "G", "end"):
        viewer.press(key)
        viewer.frame()
    assert max(painted) < 50 * 160 / 8
