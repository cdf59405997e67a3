"""What the commands say, on the small model."""

import json

import pytest


def lines(text):
    """What is written, without the echo of the commands."""
    return [line for line in text.splitlines() if not line.startswith("(tx) ")]


def test_run_executes_nothing(play, session):
    assert lines(play("run 我爱你")) == [
        "source  0 我   1 爱   2 你   3 </s>",
        "target  0 <s>",
        "the run has not started",
    ]
    assert session.run.computed == -1


def test_step_shows_every_record_and_enters_the_next_step(play, session):
    n = len(session.run.step(0))
    shown = lines(play(f"step {n + 1}"))
    assert len(shown) == n + 1
    assert shown[0].startswith("@0 #1  encoder.embed.tokens")
    assert shown[-1].startswith("@1 #1  decoder.embed.tokens")


def test_next_finish_until_and_goto_show_where_they_come_to(play):
    shown = lines(play("s 5", "next", "finish", "until dec.0.cross.weights", "goto @0#1"))[5:]
    addresses = [line.split()[2] for line in shown]
    assert addresses[0].startswith("encoder.")
    assert addresses[2:] == ["decoder.0.cross_attn.weights", "encoder.embed.tokens"]


def test_tokens_come_one_by_one_up_to_the_end(play, session):
    shown = lines(play("token", "continue", "token", "step"))
    assert shown[0].startswith("token  1 ")
    assert shown[-3:] == ["the end of the run: </s>"] * 3
    assert len(shown) == len(session.run.output_ids) + 3
    assert session.run.text in shown[-4]


def test_the_most_tokens_allowed_are_an_end_too(tx):
    assert (
        "the end of the run: 2 tokens, the most allowed (--max-tokens)"
        in tx("--max-tokens", "2", "--batch", "-e", "c").stdout
    )


def test_backwards_to_the_start(play):
    assert lines(play("token", "rs", "rn", "rfin", "rt", "rc"))[-2:] == ["the run has not started"] * 2


def test_a_row_of_softmax_is_worked_out(play):
    shown = play("token", "p dec.0.cross.weights[h0, 0]")
    assert "s−max" in shown
    assert "weight" in shown


def test_a_matrix_has_its_tokens_and_a_mask_its_legend(play):
    shown = play("token", "p dec.0.cross.weights[h0]", "mask")
    assert "[query 1, key 4]" in shown
    assert "爱" in shown
    assert "hidden (−∞)" in shown


def test_what_lies_ahead_says_so(play):
    assert "the cursor has not been there" in play("p @2:logits")
    assert "the cursor has not been there" not in play("t 2", "rt", "p @2:logits")


def test_a_glob_and_s_show_a_line_each(play):
    assert len(lines(play("p enc.0.self_attn.*"))) > 5
    assert len(lines(play("p/s enc.0.self.q"))) == 1


def test_decimals(play):
    assert "= 3.14000" in play("p/5 3.14")
    assert "3.14 = 3.14\n" in play("p 3.14")


def test_values_of_expressions(play, objects):
    assert 'token == "i" = ' in play("t", 'p token == "i"')
    values = objects("p 1 + 1", "p shape(enc.0.self.q)", "p max(enc.0.*.q)")
    assert [thing["data"]["value"] for thing in values[:2]] == [2, [2, 4, 8]]


def test_why_is_one_level(play):
    shown = play("t", "why dec.0.cross.weights[h0, 0, 1]")
    assert "softmax" in shown
    assert "masked[0,0,:]" in shown
    play("why dec.0.cross.weights[h0]")
    assert play.status == 1


def test_list_points_at_the_cursor(play):
    shown = lines(play("s 6", "list"))[6:]
    assert len(shown) == 9
    assert [line.startswith(" --> #6") for line in shown].index(True) == 4
    assert not any("-->" in line for line in lines(play("run", "list")))


def test_tokens_and_top(play):
    shown = lines(play("token 2", "tokens"))[2:]
    assert shown[0].startswith("source")
    assert shown[1] == "target  0 <s>   1 ▁i   2 ▁love"
    assert [line[:8] for line in shown[2:]] == ["token  1", "token  2"]
    assert "chosen" in play("top 3")
    assert "write @1:probs" in error_of(play, "run", "top")


def test_info(play):
    assert "zh-en-tiny: encoder–decoder" in play("info model")
    assert "strategy  greedy" in play("info run")
    assert "formula" in play("s", "info record")


def error_of(play, *commands):
    return json.loads(play(*commands, output="jsonl").splitlines()[-1])["message"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("p dec.0.cross.weights[h9]", "index 9 is out of range on axis head"),
        ("p dec.0.cross.weights[h0, 7]", "index 7 is out of range on axis query"),
        ('p dec.0.cross.weights[h0, 0, "猫"]', 'axis key has no "猫"'),
        ("p dec.0.cross.weights[0, 0, 0, 0]", "has 3 axes"),
        ("p @99:logits", "there is no step @99"),
        ("p @1#999", "there is no #999"),
        ("p wieghts", "did you mean"),
        ("goto @99", "there is no step @99"),
        ("expect dec.0.cross.weights > 1", "a condition must be one truth value"),
        ("help nothing", "nothing is no command"),
        ("run  ", None),
    ],
)
def test_what_is_out_of_range_is_one_clear_sentence(play, line, message):
    output = play("token", line, output="jsonl")
    last = json.loads(output.splitlines()[-1])
    if message is None:
        assert last["kind"] == "stop"
    else:
        assert last["kind"] == "error"
        assert message in last["message"]


def test_a_text_that_cannot_be_run_leaves_the_session_as_it_was(play, session):
    play("token")
    before = session.cursor
    assert "10000 characters" in error_of(play, "run " + "我" * 10_000)
    assert session.cursor == before


def test_quit_ends_a_script(play):
    assert play("quit", "step") == "(tx) quit\n"
    assert play.status == 0
