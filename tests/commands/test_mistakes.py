"""Masks by rules, mistakes on purpose, and models changed in memory, as they are typed."""

from collections import deque

import pytest

from commands.completion import completions
from commands.terminal.resume import resume, save
from tracer.errors import AddressError, InputError


def told(text):
    """What a command showed, as one line."""
    return " ".join(text.split())


def test_a_mask_by_rules(play, session):
    shown = told(play("t 2", "mask dec.*.self none"))
    assert "r1: edit 1: mask @*:dec.*.self.mask none" in shown
    assert "in every step that has these cells: @1, @2" in shown
    assert "LEAK in @" in shown
    assert "position 0 sees" in shown
    assert not session.run.step(2).find("decoder.0.self_attn.mask").output.array.any()
    shown = told(play("mask dec.0.self"))
    assert "c causal: hides nothing" in shown
    assert "together: 0 of 4 hidden" in shown


def test_one_later_token_in_one_step(play):
    shown = told(play("t 3", "mask @3:dec.0.self shift 1"))
    assert "r1: edit 1: mask @3:decoder.0.self_attn.mask shift 1" in shown
    assert "in step @3 alone" in shown
    assert "position 0 sees 1 later token, position 1 sees 1 later token" in shown


def test_hidden_by_hand(play):
    shown = told(play("t", 'mask dec.0.cross hide "爱" 你 show 1', "mask dec.0.cross"))
    assert 'mask @*:decoder.0.cross_attn.mask hide "爱" "你" show 1' in shown
    assert "h hide: hides 1 of 4: the key is hidden by hand" in shown
    assert "LEAK" not in shown


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("mask dec.0.self bogus", "'bogus' is no rule of a mask; rules are none, causal, shift N"),
        ("mask dec.0.self hide", "hide needs the keys that are meant"),
        ("mask dec.0.self shift", "shift needs one whole number"),
        ("mask dec.0.self window 0", "window needs one whole number"),
        ("mask dec.0.self none 3", "none takes no '3'"),
        ("mask dec.0.cross hide 99", "index 99 is out of range on axis key"),
        ('mask dec.0.cross hide "zz"', 'axis key has no "zz"'),
        ("mask dec.0 none", "dec.0 is ambiguous: decoder.0.self_attn.mask, decoder.0.cross_attn.mask"),
        ("mask dec.0.ffn none", "dec.0.ffn is no mask of an attention"),
        ("mistake no_scal", "there is no mistake 'no_scal'; did you mean no_scale?"),
        ("mistake swapped q/v", "swapped has no variant 'q/v'"),
        ("mistake kv_tiling", "kv_tiling applies to attention with fewer heads of keys than of queries"),
        ("mistake no_scale at dec.0.ffn", "there is nothing of the kind at dec.0.ffn"),
        ("set parameter decoder.0.ffn = 0", "there is no parameter decoder.0.ffn"),
        ("set parameter @1:logits.weight = 0", "a parameter is the same in every step"),
        ("set config norm_eps", "set config needs a key and a value"),
        ("set config layers 2", "zh-en-tiny states no layers"),
    ],
)
def test_what_can_not_be_is_one_sentence(session, play, line, why):
    play("t")
    with pytest.raises((AddressError, InputError)) as raised:
        deque(session.read(line).run(session), 0)
    assert why in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_catalogue(play, objects):
    shown = told(play("mistake"))
    assert "no_scale the scores are not divided by √d_k" in shown
    assert "(q/k, k/v, gate/up, norms)" in shown
    (found,) = objects("mistake")
    assert found["data"]["precision"]["variants"] == ["bf16", "f16"]


def test_a_mistake(play, session):
    shown = told(play("t", "mistake no_scale at dec.*.self"))
    assert "r1: edit 1: mistake no_scale at dec.*.self.**" in shown
    assert "where to look: scores = q @ k.transpose(-1, -2)" in shown
    edited = [record.address for record in session.run.step(1) if record.edits]
    assert edited == [f"decoder.{i}.self_attn.scores" for i in range(len(edited))]
    assert "q kᵀ / √d_k; ← q kᵀ (no_scale)" in told(play("why @1:dec.0.self.scores[h0, 0, 0]"))


def test_a_mistake_of_the_configuration(play, session):
    shown = told(play("t", "mistake post_pre_norm"))
    assert "r1: edit 1: mistake post_pre_norm" in shown
    assert "the model is changed in memory; every step is computed again" in shown
    assert session.run.model.config.norm != session.runs[0].model.config.norm


def test_trained_numbers(play, session):
    shown = told(play("t", "set parameter dec.0.ffn.hidden.weight [0] = 0"))
    assert "r1: edit 1: parameter decoder.0.ffn.hidden.weight[0] = 0" in shown
    assert "all is the same up to @0, and computed again from @1 on" in shown
    assert "changed in memory: edit 1: parameter" in told(play("info model"))
    name = "decoder.0.ffn.hidden.weight is changed in this run: edit 1: parameter decoder.0.ffn.hidden.weight[0] = 0"
    assert name in told(play("why @1:dec.0.ffn.hidden[0, 0]"))
    assert "set by edit 1" in told(play("why decoder.0.ffn.hidden.weight[0, 0]"))
    assert "NOTHING CHANGED" in play("set parameter decoder.0.ffn.hidden.weight[0] = 0")
    assert session.runs[0].parameters.get("decoder.0.ffn.hidden.weight").array[0, 0] != 0


def test_a_configuration(play, objects):
    assert "norm_eps 1e-05 → 0.5" in told(play("t", "set config norm_eps 0.5"))
    (found,) = [o for o in objects("set config activation gelu") if o["kind"] == "branch"]
    assert found["edits"] == [
        {"address": "norm_eps", "cells": "", "value": 0.5},
        {"address": "activation", "cells": "", "value": "gelu"},
    ]


def test_all_of_it_is_resumed(play, session, tmp_path):
    play("t 2", "mask dec.0.self none", "set config norm_eps 0.5", "mistake swapped k/v")
    play("set parameter logits.weight[0] = 1")
    save(session, tmp_path / "last")
    again = resume(tmp_path / "last", lambda told: pytest.fail(told))
    assert [*map(str, again.run.edits)] == [*map(str, session.run.edits)]
    assert again.run.text == session.run.text


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("mask dec.0.self ", "window"),
        ("mask dec.0.self causal sh", "shift"),
        ("mask dec.0.cross hide ", '"爱"'),
        ("mistake no_", "no_scale"),
        ("mistake swapped ", "k/v"),
        ("set ", "config"),
        ("set config act", "activation"),
        ("set parameter decoder.0.ffn.hi", "decoder.0.ffn.hidden.weight"),
        ("set parameters ", "random"),
        ("set parameters random 1 deco", "decoder_layers"),
        ("set parameters random deco", "decoder_layers"),
        ("set parameters random 1 heads 4 d", "d_model"),
        ("set parameters random 1 decoder_layers ", "1"),
    ],
)
def test_completion(session, play, line, offered):
    play("t")
    assert offered in [suggestion.text for suggestion in completions(line, session)]
