"""Looking at values: print and its formats, top, heads, mask."""

import io
import json
import math
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from transcript import error_of, lines

import tracer
from commands.batch import Batch
from commands.grammar.lines import given
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.session import Session
from tracer.model import BUILTIN
from tracer.modules import tree
from tracer.ops import catalogue
from tracer.render.console import make_console
from tracer.render.drawing import Drawn
from tracer.tape import Tape
from tracer.tensor import Axis
from tracer.views.mask import rules_view
from tracer.views.modules import modules_view


def test_a_range_is_marked_and_counted(play):
    shown = lines(play("t 2", "p/r .5,1 @2:dec.0.cross.weights"))[2:]
    assert sum(line.count("*0.") for line in shown) == 4
    assert shown[-1] == "* 4 of 16 elements: x from 0.5 to 1"


@pytest.mark.parametrize("bounds", [("-inf,0", ",0"), ("0,inf", "0,"), ("-inf,inf", ",")])
def test_an_end_of_a_range_may_be_left_out(play, bounds):
    whole, short = (lines(play("s 3", f"p/r {range_} enc.embed.output"))[-1] for range_ in bounds)
    assert whole == short
    assert whole.endswith(f"x from {' to '.join(bounds[0].split(','))}")


@pytest.mark.parametrize("bounds", ["x", ".5", "1,0", "1,2,3", "nan,1"])
def test_what_is_no_range(play, bounds):
    assert "is no range; write it as lo,hi" in error_of(play, f"p/r {bounds} enc.embed.tokens")


def test_scientific_notation(play):
    shown = lines(play("s", "p/e enc.embed.tokens[0]", "p/2e enc.embed.tokens[0, 0]", "p/e 1 / 3"))
    assert shown[1].endswith("e-01")
    assert [line.split(" = ")[-1][-4:] for line in shown[-2:]] == ["e-01", "e-01"]
    assert shown[-1] == "1 / 3 = 3.333e-01"


def test_formats_combine_in_any_order(play):
    together = lines(play("t", "p/a4e logits"))[1:]
    assert len(together) > 10
    for form in ("p/a /4 /e", "p/e4a", "p /4e /a"):
        assert lines(play(f"{form} logits")) == together


def test_a_row_over_the_vocabulary_has_the_likeliest_first(play):
    shown = lines(play("t", "p probs[0]"))
    likeliest = [line.split()[1] for line in lines(play("top 3"))[1:4]]
    assert [line.split()[0] for line in shown[3:6]] == likeliest
    assert "… 60 more …" in shown[-2]
    whole = lines(play("p/a probs[0]"))
    assert [line.split()[0] for line in whole[2:81]] == [str(i) for i in range(79)]


def test_expressions_and_lines_say_what_is_ahead(play):
    ahead = "(ahead: the cursor has not been there)"
    assert ahead in play("p max(@1:logits)")
    assert ahead in play("p @1:logits * 2")
    assert ahead[1:-1] in play("p/s @1:logits")
    assert ahead in play("s", "goto @1#1", "top 1")
    assert "ahead" not in play("t", "p max(@1:logits)", "p/s @1:logits", "top 1")


def test_the_mask_says_which_rule_hides(play):
    shown = lines(play("t 2", "mask dec.0.self"))[2:]
    assert shown[0] == "@2:decoder.0.self_attn.mask   [query 2, key 2]"
    assert shown[3].split() == ["0", "<s>", "■", "c"]
    assert shown[-3:] == [
        "p padding: hides nothing",
        "c causal: hides 1 of 4: the key comes after the query",
        "together: 1 of 4 hidden (−∞)",
    ]


def seen(view):
    stream = io.StringIO()
    make_console(stream, width=80, color="never", accessible=False, environ={}).print(Drawn(view))
    return [line for line in stream.getvalue().splitlines() if line.strip(" ─")]


def test_a_key_hidden_twice_is_hidden_by_more_than_one_rule():
    tape, mask = Tape(1), catalogue()["mask"]
    query, key = Axis("query", ["a", "b", "c"]), Axis("key", ["a", "b", "<pad>"])
    tape(mask, "mask", query=query, key=key, shape=(3, 3), past=0, window=2, padding=[2], dtype=np.float32)
    (record,) = tape
    shown = seen(rules_view(record, mask.rules(record), title="mask"))
    assert [line.split()[2:] for line in shown[3:6]] == [["■", "c", "+"], ["■", "■", "+"], ["w", "■", "p"]]
    assert shown[-1] == "together: 5 of 9 hidden (−∞); + by more than one rule"


def test_the_mask_and_the_heads_nearest_to_the_cursor(play):
    assert "@1:decoder.0.self_attn.mask" in play("goto @1:dec.0.self.q", "mask")
    assert "@1:decoder.0.self_attn.weights" in play("heads")
    assert "@1:decoder.0.cross_attn.weights" in play("goto @1", "heads")
    assert "@0:encoder.0.self_attn.weights" in play("run", "heads")


def test_heads_stand_side_by_side(play, objects):
    shown = lines(play("t", "heads enc.0"))[1:]
    assert shown[0] == "@0:encoder.0.self_attn.weights   [head 2, query 4, key 4]"
    assert shown[1].split() == ["head", "0", "head", "1"]
    assert shown[2].split() == ["key", *["我", "爱", "你", "</s>"] * 2]
    assert shown[3].split() == ["0", "我", "20", "57", "10", "14", "9", "65", "7", "19"]
    assert objects("heads enc.0")[0]["axes"] == ["head", "query", "key"]


def test_heads_are_seen_with_colours_and_without(session):
    looks = [Look(100, "never"), Look(100, "always"), Look(100, "never", accessible=True)]
    for look in looks:
        stream = io.StringIO()
        Batch(session, presenter_of("text")(stream, look)).play(given(["run", "t", "heads enc.0"]))
        assert "65" in stream.getvalue()


def test_heads_without_a_grid(session):
    stream = io.StringIO()
    Batch(session, presenter_of("text")(stream, Look(80, "never", accessible=True))).play(given(["t", "heads enc.0"]))
    assert "head 0:  0 我 -> " in stream.getvalue()
    assert "█" not in stream.getvalue()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mask logits", "logits is no mask of an attention"),
        ("heads logits", "logits is no weights of an attention"),
        ("heads dec.0", "dec.0 is ambiguous: decoder.0.self_attn.weights, decoder.0.cross_attn.weights"),
        ("mask nowhere", "nothing is recorded at nowhere"),
        ("info tensors by beauty", "'beauty' is no order; choose one of index, size"),
        ("info tensors nowhere.*", "nothing in step @1 matches nowhere.*"),
        ("info run x", "info run takes no 'x'"),
    ],
)
def test_what_there_is_not(play, line, message):
    assert message in error_of(play, "t", line)


def test_an_id_has_a_value_and_no_statistics(play, objects):
    shown = play("t", "info record", "p/s choice", "info tensors choice")
    assert "value      18\n" in shown
    assert "mean  " not in shown.partition("info tensors")[0]
    assert shown.splitlines()[-1].split() == ["#37", "choice", "[]", "=", "18"]
    assert "μ" not in play("p argmax(dec.0.cross.weights)")
    assert (objects("p/s choice")[0]["min"], objects("p/s choice")[0]["mean"]) == (18, "nan")
    assert objects("info tensors by mean")[-1]["address"] == "@1:choice"


def test_a_mask_has_a_rule_and_no_statistics(play):
    shown = play("t 2", "p/s dec.0.self.mask", "info tensors dec.0.self.mask", "p dec.0.self.mask[0]")
    assert "causal: 1 hidden" in shown
    assert lines(shown)[-3].split() == ["#8", "decoder.0.self_attn.mask", "[2,2]", "a", "mask"]
    assert not any(sign in shown for sign in ("μ", "σ", "x∈"))
    goto = play("goto dec.0.self.mask", "info record")
    assert "mean" not in goto


@pytest.mark.parametrize(("line", "missing"), [("set width 60", "#, shape, min, max, mean"), ("set width 100", None)])
def test_what_a_narrow_list_of_tensors_leaves_out_is_said(play, line, missing):
    shown = lines(play("t", line, "info tensors dec.*.cross.*"))[-1]
    assert shown.startswith(f"  left out, for want of room: {missing}") == (missing is not None)


def test_hypotheses_keep_their_addresses_at_any_width(play):
    for width in (40, 60, 80, 100):
        shown = play(f"set width {width}", "set strategy beam", "token 3", "info beams")
        assert "@3.0" in shown
        assert "@3…" not in shown


def test_info_model_accounts_for_every_parameter(play, objects):
    shown = lines(play("info model"))
    assert shown[-1].split()[:3] == ["in", "all", "7,616"]
    (found,) = objects("info model")
    assert found["data"]["model"]["parameters"] == 7616
    assert found["data"]["model"]["modules"]["modules"]["encoder"]["parameters"] == 3008


def test_layers_that_are_alike_are_told_once():
    layers = ((f"h.{n}.{part}.weight", (4, 4)) for n in range(12) for part in ("attn", "mlp"))
    assert [line.split() for line in seen(modules_view(tree("m", layers), 4))] == [
        ["module", "parameters", "memory", "tensors"],
        ["h", "384", "1.5", "KiB"],
        ["0", "32", "128", "B"],
        ["attn", "16", "64", "B", "weight", "[4,4]"],
        ["mlp", "16", "64", "B", "weight", "[4,4]"],
        ["1", "to", "11", "352", "1.4", "KiB", "each", "as", "0"],
        ["in", "all", "384", "1.5", "KiB"],
    ]


def test_info_tensors_are_filtered_and_sorted(objects):
    found = objects("t", "info tensors dec.*.cross.* by std")[1:]
    spread = [thing["std"] for thing in found if thing["kind"] == "op"]
    assert len(spread) == 12
    assert spread == sorted(spread, reverse=True)
    rising = [thing["min"] for thing in objects("info tensors by -min")]
    assert rising == sorted(rising)


def test_what_is_all_infinite_is_told_as_it_is(tmp_path):
    directory = shutil.copytree(BUILTIN / "zh-en-tiny", tmp_path / "tiny")
    tensors = load_file(directory / "model.safetensors")
    tensors["encoder.0.ffn.hidden.bias"][:] = -np.inf
    save_file(tensors, directory / "model.safetensors")
    session = Session(Opener(tracer.load(directory)))

    def told(line, output):
        stream = io.StringIO()
        Batch(session, presenter_of(output)(stream, Look(100, "never"), session.title)).play(given([line]))
        return stream.getvalue().splitlines()

    (row,) = [row for row in told("info tensors @0:**", "text") if "encoder.0.ffn.hidden" in row]
    assert row.split()[3:] == ["−∞", "−∞", "−∞", "0.000", "all", "−∞"]
    lowest, *_others = map(json.loads, told("info tensors @0:** by -min", "jsonl"))
    assert [lowest[key] for key in ("min", "max", "mean", "std")] == ["-inf", "-inf", "-inf", 0.0]
    assert lowest["address"] == "@0:encoder.0.ffn.hidden"
    assert lowest["nonfinite"] == math.prod(lowest["shape"])
    spread = [json.loads(row)["std"] for row in told("info tensors @0:** by std", "jsonl")]
    assert spread == sorted(spread, reverse=True)


def test_info_cache(play):
    assert "the cache is off" in play("info cache")
    shown = lines(play("set cache on", "t 2", "info cache"))
    assert any(line.startswith("2 of ") and line.endswith("positions are filled") for line in shown)
    assert shown[-1].split()[:2] == ["in", "all"]


def test_info_cache_before_anything_is_kept(play):
    assert lines(play("set cache on", "info cache"))[-1].startswith("0 of ")


def test_info_run_and_record(play):
    assert "tokens    1 of at most" in play("t", "info run")
    assert "formula" in play("info record")


def test_an_unknown_token_is_shown_with_what_it_stands_for(play, objects):
    assert lines(play("run 我龘你", "tokens"))[-2] == "source  0 我   1 <unk 龘>   2 你   3 </s>"
    shown = play("t", 'p dec.0.cross.weights[h0, 0, "<unk>"] - dec.0.cross.weights[h0, 0, "龘"]', "heads enc.0")
    assert "= 0\n" in shown
    assert "<unk 龘>" in play("p dec.0.cross.weights[h0, 0]", "mask dec.0.cross")
    assert "positions 1 " in play('why "<unk>"')
    assert objects("p dec.0.cross.weights[h0]")[0]["labels"]["key"] == ["我", "<unk 龘>", "你", "</s>"]
    assert "<unk 龘>" in play("p enc.0.self.weights[h0]", output="html").replace("&lt;", "<").replace("&gt;", ">")
