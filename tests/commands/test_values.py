"""Values as print shows and keeps them: parts, parameters, what expressions come to."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file
from transcript import error_of, lines

from commands.opener import Opener
from tracer.addresses import parse
from tracer.model import BUILTIN

# --- parts ----------------------------------------------------------------------------------------------------------


def test_a_record_is_whole_where_a_command_shows_it_whole(play):
    for line in ("heads dec.0.cross[h0]", "mask dec.0.self[0]", "list logits[0]"):
        assert "the whole record is shown; write " in error_of(play, "t", line)
    assert "is more than one cell" in error_of(play, "formula logits[0]")
    assert "print takes the selectors of logits[0]" in error_of(play, "info tensors logits[0]")


def test_a_line_about_a_part_is_about_the_part(play):
    (shown,) = lines(play("t", "p/s dec.0.cross.weights[h1]"))[1:]
    assert shown.startswith("@1:decoder.0.cross_attn.weights[h1]   [query 1, key 4]   x∈[")


@pytest.mark.parametrize(
    "part", ["[h0, 0]", "[h1]", '[-1, "<s>", 1:3]', "", "[0, 0, 0]"], ids=["row", "head", "slice", "whole", "cell"]
)
def test_objects_say_which_part_they_are(objects, session, part):
    found = objects("t", f"p dec.0.cross.weights{part}")[-1]
    assert found["address"] == f"@1:decoder.0.cross_attn.weights{part}"
    address = parse(found["address"])
    assert found["values"] == session.here.lookup(address)[0].array.tolist()


# --- parameters ---------------------------------------------------------------------------------------------------

FILE = load_file(BUILTIN / "zh-en-tiny" / "model.safetensors")


@pytest.mark.parametrize("name", ["decoder.0.ffn.hidden.weight", "dec.0.ffn.hid.w", "r0:decoder.0.ffn.hidden.weight"])
def test_a_parameter_is_an_operand(objects, name):
    (found,) = objects(f"p {name}")
    assert found["axes"] == ["out_feature", "in_feature"]
    assert found["step"] is None
    np.testing.assert_array_equal(found["values"], FILE["decoder.0.ffn.hidden.weight"].astype(float))


def test_a_row_of_the_embedding_goes_by_its_token(objects, model):
    found = objects('p decoder.embed.weight["▁love"]', 'p decoder.embed.weight["love", 3]')
    row = FILE["decoder.embed.weight"][model.target.id_of("▁love")].astype(float)
    assert [thing["values"] for thing in found] == [row.tolist(), row[3]]


def test_parameters_are_computed_with(play):
    product = "decoder.0.ffn.hidden.weight @ dec.0.cross.norm[0] + decoder.0.ffn.hidden.bias"
    assert "holds" in play("t", f"expect all(abs({product} - dec.0.ffn.hidden[0]) < 1e-12)")


def test_parameters_are_listed(play, objects):
    shown = [line.split() for line in lines(play("info tensors decoder.0.ffn.*.weight by std"))]
    assert [words[0] for words in shown[1:]] == [
        "decoder.0.ffn.norm.weight",
        "decoder.0.ffn.hidden.weight",
        "decoder.0.ffn.output.weight",
    ]
    (found,) = objects("info tensors decoder.embed.weight")
    assert found["data"]["parameters"][0]["shape"] == [79, 16]


def test_a_parameter_may_be_watched_and_caught(play):
    play("watch max(decoder.0.ffn.hidden.weight)", "catch max(decoder.0.ffn.hidden.bias + dec.0.ffn.output[0, 0]) > 99")
    assert "the end of the run" in play("c")
    play("delete", "catch max(decoder.0.ffn.hidden.weight @ dec.0.cross.norm[-1]) > 1")
    assert "--> #27  decoder.0.cross_attn.norm" in play("run", "c")


@pytest.mark.parametrize("line", ["goto {}", "until {}", "break {}", "list {}", "p @1:{}", "heads {}"])
def test_a_parameter_lies_in_no_step(play, line):
    message = error_of(play, "t", line.format("decoder.0.ffn.hidden.weight"))
    assert message.endswith("(that is a parameter, which lies in no step: p decoder.0.ffn.hidden.weight shows it)")


def test_a_mistyped_parameter_is_found(play):
    assert error_of(play, "p decoder.0.ffn.hidden.wieght").endswith("did you mean decoder.0.ffn.hidden.weight?")


# --- what expressions come to -------------------------------------------------------------------------------------


def test_the_text_so_far(play):
    assert 'text = "i love"' in play("t 2", "p text", 'expect text == "i love"', 'expect text != "i"')
    assert 'text = "i"\n' in play("rs", "p text")
    assert error_of(play, 'expect text == "love"').startswith('text == "love" does not hold: text = "i"')
    assert play.status == 3
    assert error_of(play, "p text + 1") == "column 1: text is compared by == or !=, or given to prob(…) or rank(…)"
    assert 'text = ""' in play("run", "p text")


def test_the_text_that_was_given(model, play, session):
    session.reopen(Opener(model, target="i love you"))
    assert 'text = "i love you"' in play("p text")


def test_a_place_is_named(play, objects):
    shown = lines(play("t 2", "p argmax(dec.0.cross.weights[h1, -1])", "p argmax(dec.0.cross.weights[h1])"))[2:]
    assert shown == [
        'argmax(dec.0.cross.weights[h1, -1]) = 1   "爱"',
        'argmax(dec.0.cross.weights[h1]) = [0, 1]   "我" "爱"',
    ]
    assert lines(play("p argmax(dec.0.cross.weights)"))[-1] == '0 "我"   1 "爱"'
    assert lines(play("p argmax(logits[-1])")) == ['argmax(logits[-1]) = 44   "▁love"']
    (found,) = objects("p argmax(dec.0.cross.weights[h1])")
    assert found["data"] == {
        "expression": "argmax(dec.0.cross.weights[h1])",
        "value": [0, 1],
        "axes": ["query"],
        "labels": {"query": ["<s>", "▁i"]},
        "tokens": ["我", "爱"],
    }
    assert lines(play("p argmax(dec.0.ffn.norm[0])"))[0].count('"') == 0


def test_a_shape_has_no_mean(play):
    assert lines(play("t", "p shape(dec.0.cross.weights)"))[-1] == "shape(dec.0.cross.weights) = [2, 1, 4]"
    assert "μ" not in play("p shape(dec.0.*.weights)", "p argmax(enc.0.self.weights)")


# --- history ------------------------------------------------------------------------------------------------------


def test_values_are_kept_as_they_were(play, objects):
    play("t 2", "p dec.0.cross.weights[h1]", "p max($)", "p $1[-1] * 2", "t")
    assert objects("p $1")[0]["data"]["value"] == objects("p @2:dec.0.cross.weights[h1]")[0]["values"]
    assert lines(play("p $1"))[1:3] == lines(play("p @2:dec.0.cross.weights[h1]"))[1:3]
    assert "= true" in play("p $2 == max(@2:dec.0.cross.weights[h1])")
    assert error_of(play, "p $99").endswith("there is no value $99; there are $1 to $8")


def test_only_print_keeps_and_every_run_remembers(play, session):
    play("display 1 + 1", "view 2 + 2", "p 3 + 3", "run", "set cache on")
    assert [kept.value for kept in session.history] == [6]
    assert "= 7" in play("p $ + 1")


def test_the_history_is_listed(play, objects):
    play("t", "p 1 / 4", "p text", "p dec.0.cross.weights[h1]", "p shape(logits)")
    shown = lines(play("show values"))
    assert shown[:2] == ["$1 = 1 / 4 = 0.25", '$2 = text = "i"']
    assert shown[2].startswith("$3 = dec.0.cross.weights[h1]   [query 1, key 4]   x∈[")
    assert shown[3] == "$4 = shape(logits) = [1, 79]"
    assert lines(play("info values")) == shown
    (found,) = objects("info values")
    assert [kept["number"] for kept in found["data"]["values"]] == [1, 2, 3, 4]


def test_nothing_was_printed(play):
    assert lines(play("show values")) == ["nothing was printed yet; print keeps each value as $1, $2, …"]
    assert error_of(play, "p $").endswith("there is no value $; print keeps them")


def test_a_condition_may_name_an_earlier_value(play):
    shown = play("p 0.5", "break dec.0.cross.weights if max(weights) > $1", "c")
    assert "Breakpoint 1, hit 1: max(weights) = 0.940 > $1 = 0.500" in shown


def test_transcripts_have_no_numbers_of_the_history(play):
    assert "$" not in play("t", "p logits", "p 1 + 1")
    assert "$" not in json.dumps(play("p logits", output="jsonl"))


# --- axes ---------------------------------------------------------------------------------------------------------


def result(objects, *lines):
    return objects(*lines)[-1]["data"]


def test_the_difference_of_two_heads_keeps_its_tokens(play, objects, session):
    line = "p dec.0.cross.weights[h0] - dec.0.cross.weights[h1]"
    found = result(objects, "t 2", line)
    weights = session.run.step(2)["decoder.0.cross_attn.weights"].array
    np.testing.assert_array_equal(found["value"], weights[0] - weights[1])
    assert found["axes"] == ["query", "key"]
    assert found["labels"] == {"query": ["<s>", "▁i"], "key": ["我", "爱", "你", "</s>"]}
    assert "[query 2, key 4]" in play(line)
    assert "爱" in play(line)


@pytest.mark.parametrize(
    ("expression", "address", "axes"),
    [
        ("dec.0.self.q @ dec.0.self.k / sqrt(8)", "decoder.0.self_attn.scores", ["head", "query", "key"]),
        ("dec.0.cross.weights @ dec.0.cross.v", "decoder.0.cross_attn.heads", ["head", "query", "d_k"]),
        ("softmax(dec.0.self.masked, key)", "decoder.0.self_attn.weights", ["head", "query", "key"]),
        ("dec.0.cross.output + dec.0.self.norm", "decoder.0.cross_attn.residual", ["query", "feature"]),
        (
            "dec.0.cross.norm @ decoder.0.ffn.hidden.weight + decoder.0.ffn.hidden.bias",
            "decoder.0.ffn.hidden",
            ["position", "feature"],
        ),
    ],
)
def test_what_was_recorded_is_worked_out_by_names(expression, address, axes, objects, session):
    found = result(objects, "t 2", f"p {expression}")
    assert found["axes"] == axes
    np.testing.assert_allclose(found["value"], session.run.step(2)[address].array, atol=1e-12)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("p dec.0.cross.weights + dec.0.self.weights", "along key one has 4 and the other 2"),
        ("p dec.0.ffn.hidden - dec.0.ffn.norm", "along feature one has 32 and the other 16"),
        ("p dec.0.ffn.norm + logits", "one has the axis vocab and the other has not"),
        ("p max(dec.0.cross.weights, kee)", "there is no axis kee; the axes are head, query, key"),
    ],
)
def test_what_does_not_meet_is_one_sentence(line, why, play):
    assert error_of(play, "t 2", line).endswith(f": {why}")


def test_labels_that_differ_are_left_out(objects):
    found = result(objects, "t 2", "p dec.0.self.weights[h0, 0, 0:1] - dec.0.self.weights[h0, 1, 1:2]")
    assert (found["axes"], found["labels"]) == (["key"], {})


def test_what_a_step_says_of_a_token(play, objects, session):
    play("t 2")
    step, place = session.run.step(2), session.run.model.target.id_of("▁love")
    z, other = step["logits"].array, session.run.model.target.id_of("▁you")
    log_probs = z - np.log(np.exp(z).sum(-1, keepdims=True))
    asked = {
        'logit("love")': z[-1, place],
        f"logit({place}, 0)": z[0, place],
        'logprob("love")': log_probs[-1, place],
        'logprob("love", "<s>")': log_probs[0, place],
        'logit_diff("love", "you")': z[-1, place] - z[-1, other],
        '@1:logprob("love")': log_probs[0, place],
    }
    for expression, expected in asked.items():
        assert result(objects, f"p {expression}")["value"] == pytest.approx(expected, rel=1e-9), expression
    everywhere = result(objects, 'p @*:prob("love")')
    steps = range(1, session.run.computed + 1)
    assert everywhere["axes"] == ["step"]
    assert everywhere["value"] == [session.run.step(n)["probs"].array[-1, place] for n in steps]


def test_the_loss_of_a_given_output(objects, play, session, model):
    session.reopen(Opener(model, target="i love you"))
    play("t")
    losses = session.run.step(1)["loss"].array
    assert result(objects, "p mean(loss)")["value"] == pytest.approx(losses.mean())
    assert result(objects, 'p logprob("love", 1) + loss[1]')["value"] == pytest.approx(0, abs=1e-12)
    assert "whose output is given" in error_of(play, "run 我爱你", "t", "p loss")
