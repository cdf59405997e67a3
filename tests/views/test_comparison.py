"""A comparison as it is said: every word of the table, and what follows it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from tracer.comparing.comparison import Comparison
from tracer.render.console import make_console
from tracer.render.drawing import Drawn
from tracer.views.comparison import MOST_NAMED, comparison_view, first_view
from tracer.views.view import View

from .catalogue import compared, ported


def seen(view: View, width: int = 200) -> list[str]:
    file = io.StringIO()
    make_console(file, width=width, color="never", accessible=False, environ={}).print(Drawn(view))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def lines(comparison: Comparison, width: int = 200) -> list[str]:
    return seen(comparison_view(comparison, "goto there"), width)


def row(address: str, said: list[str]) -> list[str]:
    return next(line for line in said if line.startswith(f"{address} ")).split()


def test_a_word_for_each_outcome() -> None:
    said = lines(compared())
    assert row("@0:encoder.embed.output", said)[-3:] == ["ok,", "transposed", "h.0"]
    assert row("@0:encoder.0.output", said)[-4:-1] == ["printed", "as", "printed"]
    assert "64/3000" in row("@0:encoder.0.output", said)
    assert row("@0:encoder.0.ffn.norm", said)[-4:] == ["hash", "as", "printed", "h.2"]
    assert "BEYOND" in row("@1:decoder.0.cross_attn.weights", said)
    assert row("@1:decoder.0.cross_attn.output", said)[-2:] == ["inherited", "attn/out"]
    assert row("@1:logits", said)[1] == "∞"
    assert said[-1] == "7 addresses compared: 4 ok, 2 beyond the noise, 1 by what they come of"


def test_how_numbers_are_stored_stands_beside_what_is_allowed() -> None:
    said = lines(compared())
    assert "(BF16)" in row("@0:encoder.0.output", said)
    assert "(F16)" in row("@0:encoder.0.ffn.norm", said)


def test_the_first_difference_and_what_is_known_of_it() -> None:
    said = lines(compared())
    start = said.index("first difference: @1:decoder.0.cross_attn.weights")
    assert said[start + 1].startswith("  one of 2 operations, from @1:decoder.0.cross_attn.masked to ")
    assert said[start + 2].startswith("  @1:decoder.0.cross_attn.weights[0,1,2] is 0.25 here and 0.75 there (model")
    assert said[start + 3] == "cause unknown: 2 mistakes of the catalogue were tried, and none explains it"
    assert said[start + 4].endswith(": theirs is ours with the other sign")
    assert said[said.index("to go there:") + 1] == "  goto there"


def test_further_differences_with_what_explains_them() -> None:
    said = lines(compared())
    assert "also differs of its own, explained by activation: @1:decoder.1.ffn.hidden" in said
    assert "also differs of its own: @1:logits" in said


def test_the_cause_with_figures_and_where_to_look() -> None:
    said = lines(ported("no_scale"))
    [told] = [line for line in said if line.startswith("no_scale at @1:decoder.0.cross_attn.scores explains it: ")]
    assert told.partition("largest difference ")[2].count(" → ") == 1
    assert "  the scores are not divided by √d_k" in said
    assert any(line.startswith("  look at: scores = q @ k") for line in said)
    [head] = [line for line in said if line.startswith("  @1:decoder.0.cross_attn.scores[") and "三" in line]
    assert said[said.index(head) + 2].startswith("  ours, from their inputs ")
    assert said[said.index(head) + 3].startswith("  theirs ")


def test_where_nothing_differs_nothing_follows_but_the_counts() -> None:
    said = lines(ported())
    assert said[-1].endswith(" ok, 0 beyond the noise")
    assert said[-2].startswith("@1:decoder.0.cross_attn.norm ")


def test_what_was_not_compared_is_named_up_to_so_many() -> None:
    said = " ".join(lines(compared(), 1000))
    assert said.count("\\x1b[31m.层\\u202e.\\r\\n0.q.") == MOST_NAMED
    assert " and 2 more" in said
    proposed = lines(ported(also="@1:decoder.0.cross_attn.v"), 1000)
    assert "  model\\x1b[31m.层\\u202e.\\r\\n0.q = decoder.0.cross_attn.v" in proposed


def test_reasons_are_told_up_to_so_many() -> None:
    shapes = [replace(check, path=f"p{n}") for n, check in enumerate([compared().beyond[-1]] * 20)]
    said = lines(replace(compared(), checks=shapes, verdict=None))
    assert said.count("logits: the shapes differ") == MOST_NAMED
    assert "… 8 more of the kind" in said


@pytest.mark.parametrize("width", [40, 80, 200])
def test_names_of_others_write_nothing_by_themselves(width: int) -> None:
    said = "".join(lines(compared(), width))
    assert not {"\x1b", "\r", "\u202e"} & {*said}


def test_the_first_difference_alone() -> None:
    by_path = {check.path: check for check in compared().beyond}
    told = {path: " ".join(seen(view)) for path, check in by_path.items() if (view := first_view([check]))}
    assert told == {
        "decoder.0.cross_attn.weights": "@1:decoder.0.cross_attn.weights[0,1,2] is 0.25 here and 0.75 there "
        "(model\\x1b[31m.层\\u202e.\\r\\n0.q); model\\x1b[31m.层\\u202e.\\r\\n0.q: the keys differ",
        "decoder.0.cross_attn.output": "@1:decoder.0.cross_attn.output: its sum is 1.5 here and 1.504 there",
        "logits": "logits: the shapes differ",
    }
    assert first_view([]) is None
