"""Diagrams in cells: nodes below what they are made from, ways that meet only where they should."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tracer.diagrams.characters import lines
from tracer.diagrams.layout import drawn
from tracer.diagrams.ranks import ranks
from tracer.document import Diagram, Frame, Node, Span, Strand


def node(name: str, *inputs: int, sign: str = "○", detail: str = "", note: str = "", is_long: bool = False) -> Node:
    return Node(sign, name, inputs, detail, Span(note), is_long=is_long)


def seen(diagram: Diagram, width: int = 80) -> str:
    drawing = drawn(diagram, width, cell_len)
    return "\n".join("".join(span.text for span in line) for line in lines(drawing, cell_len))


RESIDUAL = Strand([node("x"), node("f", 0, sign="■"), node("sum", 0, 1, sign="⊕")], [Frame("layer", 1, 2)])
TEXT = node("我爱你", sign="│", is_long=True)


def test_a_residual_connection_goes_past_what_it_is_added_to() -> None:
    assert seen(Diagram([RESIDUAL])) == "\n".join(
        [
            "  ○ x",
            "╭─┼─ layer ───╮",
            "│ ├───╮       │",
            "│ │   ■ f     │",
            "│ ├───╯       │",
            "│ ⊕ sum       │",
            "╰─────────────╯",
        ]
    )


def test_ways_that_only_cross_do_not_meet() -> None:
    strand = Strand([node("a"), node("b", 0), node("c", 0), node("d", 1), node("e", 1), node("f", 2), node("g", 4, 0)])
    assert seen(Diagram([strand])).splitlines() == [
        "○ a",
        "├───┬────╮",
        "│   ○ b  ○ c",
        "│   ├────│────╮",
        "│   ○ d  ○ f  ○ e",
        "├─────────────╯",
        "○ g",
    ]


def test_of_two_that_read_the_same_two_both_get_both() -> None:
    strand = Strand([node("a"), node("b"), node("c", 0, 1), node("d", 0, 1)])
    assert seen(Diagram([strand])) == "○ a  ○ b\n├────┤\n○ c  ○ d"


def test_nodes_of_a_frame_have_lines_of_their_own() -> None:
    strand = Strand([node("a"), node("b"), node("c")], [Frame("f", 1, 1)])
    assert ranks(strand) == [0, 1, 2]


def test_what_is_made_from_nothing_stands_above_its_reader() -> None:
    strand = Strand([node("a"), node("mask"), node("b", 0), node("c", 2), node("d", 3, 1)])
    assert ranks(strand) == [0, 2, 1, 2, 3]


def test_a_memory_goes_across_to_its_readers() -> None:
    across = Diagram([Strand([node("m")]), Strand([node("a"), node("b", 0)])], [(0, [1])])
    assert seen(across) == "\n".join(["○ m ─╮   ○ a", "     │   │", "     ╰─→ ○ b"])


@pytest.mark.parametrize("width", [10, 16, 24, 40, 80])
def test_it_is_as_narrow_as_it_must_be(width: int) -> None:
    many = Strand([TEXT, *(node(f"projection_{n}", 0, detail="[2, 4, 8]") for n in range(3)), node("all", 1, 2, 3)])
    for diagram in (Diagram([many]), Diagram([many, RESIDUAL], [(4, [1])])):
        assert max(map(cell_len, seen(diagram, max(width, 20)).splitlines())) <= max(width, 20)


def test_details_give_way_before_names() -> None:
    strand = Strand([node("left", detail="[1, 2, 3]"), node("right", detail="[1, 2, 3]"), node("sum", 0, 1)])
    assert seen(Diagram([strand]), 40).splitlines()[0] == "○ left [1, 2, 3]  ○ right [1, 2, 3]"
    assert seen(Diagram([strand]), 30).splitlines()[0] == "○ left [1, 2, 3]  ○ right"
    assert seen(Diagram([strand]), 18).splitlines()[0] == "○ left  ○ right"


def test_notes_stand_in_the_margin_if_there_is_one() -> None:
    strand = Strand([node("a", note="x Wᵀ + b"), node("b", 0, note="max(0, x)")])
    assert seen(Diagram([strand])).splitlines() == ["○ a   x Wᵀ + b", "│", "○ b   max(0, x)"]
    assert seen(Diagram([strand]), 16).splitlines() == ["○ a", "│", "○ b"]


@pytest.mark.parametrize("text", ["ที่นี่", "हिन्दी", "e\u0301te\u0301", "\u0301e", "我\u0301爱"])
def test_what_takes_no_cell_stays_with_the_character_before_it(text: str) -> None:
    said = seen(Diagram([Strand([node("x"), node(text, 0, note=text)], [Frame(text, 1, 1)])]))
    assert said.count(text) == 3
    assert len({cell_len(line) for line in said.split("\n") if line[0] in "╭│╰"}) == 1
