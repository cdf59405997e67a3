"""Softmax rows, masks, records, distributions."""

import pytest
from rich.cells import cell_len

from tracer.run import Token
from tracer.views.distribution import token_line, top_view
from tracer.views.mask import mask_view
from tracer.views.records import listing, record_line, record_lines, where_width
from tracer.views.softmax import softmax_view

from ..views.sample import tape
from .screen import seen

ATTENTION = "decoder.0.self_attn"


def test_a_softmax_row_worked_out():
    record = tape().find(f"{ATTENTION}.weights")
    assert (
        seen(softmax_view(record, (0, 1), tape(), title='weights[h0, "i"]'))
        == """\
weights[h0, "i"]   sum 1.000   entropy 0.96 of 1.00 bits
  key    score   s−max  exp(s−max)  weight
  ────────────────────────────────────────────────────────────────────────────────────
  0 <s>  0.000  -0.500      0.6065   0.378  ███████▌
  1 i    0.500   0.000      1.0000   0.622  ████████████▌  max
  2 爱      −∞              0        ·      hidden by the causal mask: key 2 > query 1
  ────────────────────────────────────────────────────────────────────────────────────
             Σ              1.6065   1.000
"""
    )


def test_a_row_may_be_counted_from_the_end():
    record = tape().find(f"{ATTENTION}.weights")
    assert seen(softmax_view(record, (-2, -2), tape())) == seen(softmax_view(record, (0, 1), tape()))


def test_a_softmax_row_on_a_narrow_page():
    record = tape().find(f"{ATTENTION}.weights")
    assert (
        seen(softmax_view(record, (0, 1), tape(), title="w"), 40)
        == """\
w   sum 1.000
entropy 0.96 of 1.00 bits
  key    score  weight
  ──────────────────────────────────────
  0 <s>  0.000   0.378  ██████▋
  1 i    0.500   0.622  ███████████  max
  2 爱      −∞   ·      hidden by the
                        causal mask: key
                        2 > query 1
  ──────────────────────────────────────
             Σ   1.000
  left out, for want of room: s−max,
  exp(s−max)
"""
    )


def test_bars_are_on_one_scale_whatever_stands_behind_them():
    record = tape().find(f"{ATTENTION}.weights")
    for width in (48, 60, 100):
        lines = seen(softmax_view(record, (0, 1), tape()), width).splitlines()
        small, large = (sum(line.count(sign) for sign in "█▏▎▍▌▋▊▉") for line in lines if "█" in line)
        assert abs(small / large - 0.378 / 0.622) < 0.15


def test_a_softmax_row_in_ascii():
    record = tape().find(f"{ATTENTION}.weights")
    text = seen(softmax_view(record, (0, 1), tape()), accessible=True)
    assert "  key: 1 i; score: 0.500; s-max: 0.000; exp(s-max): 1.0000; weight: 0.622; max\n" in text
    assert text.replace("爱", "").isascii()


def test_a_long_row_over_the_vocabulary_has_the_likeliest_first_and_sums_the_rest():
    record = tape().find("choice.probs")
    lines = seen(softmax_view(record, (), tape(), max_rows=3)).splitlines()
    cells = [line.split()[:2] for line in lines if "─" not in line]
    assert cells[2:] == [["2", "4.342"], ["0", "-1.184"], ["…", "3"], ["Σ", "1.0091"]]


def test_without_the_tape_there_is_no_reason():
    record = tape().find(f"{ATTENTION}.weights")
    assert "hidden" not in seen(softmax_view(record, (0, 1)))


def test_a_mask():
    assert (
        seen(mask_view(tape().find(f"{ATTENTION}.mask")))
        == """\
@2:decoder.0.self_attn.mask   [query 3, key 3]   causal: 3 hidden
key      0    1    2
query  <s>    i   爱
────────────────────
0 <s>    ■    ·    ·
1 i      ■    ■    ·
2 爱     ■    ■    ■
■ visible (+0)   · hidden (−∞)
"""
    )


def test_a_mask_in_ascii():
    assert "query 1 i:  0 <s>: x;  1 i: x;  2 爱: .;\n" in seen(
        mask_view(tape().find(f"{ATTENTION}.mask")), accessible=True
    )


def test_a_record_is_a_line():
    assert seen(record_line(tape().find("logits")), 110) == (
        "@2 #7  logits                    [3,5]  x Wᵀ                            x∈[-4.37, 6.80]  μ 0.25  σ 3.78\n"
    )


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (90, "@2 #7  logits                    [3,5]  x Wᵀ  x∈[-4.37, 6.80]  μ 0.25  σ 3.78"),
        (68, "@2 #7  logits  [3,5]  x Wᵀ  x∈[-4.37, 6.80]  μ 0.25  σ 3.78"),
        (56, "@2 #7  logits  [3,5]  x Wᵀ  x∈[-4.37, 6.80]  μ 0.25"),
        (40, "@2 #7  logits  [3,5]  x Wᵀ"),
        (30, "@2 #7  logits  [3,5]  x Wᵀ"),
    ],
)
def test_statistics_go_first_then_the_note(width, line):
    assert seen(record_line(tape().find("logits")), width) == line + "\n"


def test_a_formula_that_is_too_long_is_folded_in_place_of_statistics():
    record = tape().find("logits")
    text = seen(record_line(record, remark="a formula that is as long as this page is wide"), 50)
    assert [line.strip() for line in text.splitlines()] == [
        "@2 #7  logits  [3,5]  a formula that is as long as",
        "this page is wide",
    ]
    assert "x∈" not in text


def test_statistics_stand_in_place_of_a_formula_that_has_no_room_folded():
    record = tape().find("logits")
    line = seen(record_line(record, remark="a_formula_as_long_as_half_of_the_page_is_wide"), 50)
    assert line == "@2 #7  logits  [3,5]  x∈[-4.37, 6.80]  μ 0.25\n"


def test_lines_of_several_records_have_their_parts_below_each_other():
    records = tape().records[1:5]
    text = seen(record_lines(records, ["", "a remark", "", ""]), 100).splitlines()
    assert "a remark" in text[1]
    assert len({line.index("]") for line in text}) == 1
    assert len({line.index("x∈") for line in text if "x∈" in line}) == 1


def test_records_align_to_the_widest():
    width = where_width(tape().records)
    lines = [seen(record_line(record, width=width), 160).rstrip("\n") for record in tape()]
    assert len({line.index("]") - len(line.split("  ")[0]) for line in lines}) == 1


def test_one_number_is_shown_in_place_of_statistics():
    assert seen(record_line(tape().find("choice"))).endswith("argmax                          = 2\n")


def test_a_listing():
    assert (
        seen(listing(tape().records[1:5], 4))
        == """\
     #2  decoder.0.self_attn.mask       [3,3]  causal: 3 hidden
     #3  decoder.0.self_attn.masked   [2,3,3]  scores + mask
 --> #4  decoder.0.self_attn.weights  [2,3,3]  softmax over key
     #5  decoder.0.self_attn.heads    [2,3,4]  weights · V
"""
    )


@pytest.mark.parametrize("width", [40, 80, 160])
def test_one_line_each_at_any_width(width):
    for text in (*(seen(record_line(record), width) for record in tape()), seen(listing(tape().records, 1), width)):
        assert all(cell_len(line) <= width for line in text.splitlines())
    assert seen(listing(tape().records), width).count("\n") == len(tape())


def test_tokens_chosen():
    assert seen(token_line(Token(1, 5, "i", 0.981, "i"))) == 'token  1  "i"           p 0.981  i\n'
    assert seen(token_line(Token(2, 7, "love", 0.954, "i love"))) == 'token  2  "love"        p 0.954  i love\n'
    long = Token(2, 7, "[b]", 0.954, "a very long text so far [/INST]")
    assert seen(token_line(long), 57) == 'token  2  "[b]"         p 0.954  …ong text so far [/INST]\n'
    longest = Token(10, 7, "unbelievably", 0.954, "so")
    assert seen(token_line(longest)) == 'token 10  "unbelievably"  p 0.954  so\n'


def test_the_top_of_a_distribution():
    probs, logits = tape()["choice.probs"], tape()["choice.logits"]
    pieces = ["我", "i", "[b]", "a", "b"]
    assert (
        seen(top_view(probs, logits, pieces.__getitem__, n=2, marks={4: "chosen"}))
        == """\
  rank  id  token   prob   logit
  ────────────────────────────────────────────────────
     1   2  "[b]"  0.991   4.342  ███████████████████▉
     2   0  "我"   0.004  -1.184  ▏
     5   4  "b"    0.001  -3.158  chosen
  … 2 more, 0.004 in all
"""
    )
