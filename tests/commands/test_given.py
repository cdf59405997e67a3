"""Outputs that are given: set, scored, and left behind."""

from pathlib import Path

import numpy as np
import pytest
from transcript import error_of, lines

from commands.completion import completions
from commands.opener import Opener
from commands.session import Session
from commands.terminal.resume import resume, save

FIXTURES = Path(__file__).parents[1] / "fixtures"
LEFT = "the output that was given is left behind: this run decodes; set target TEXT gives one"


@pytest.fixture
def session(model):
    return Session(Opener(model, "我爱你", target="i love you"))


def test_another_text_is_decoded_and_that_is_said(play, session):
    shown = lines(play("run 你爱我", "token"))
    assert LEFT in shown
    assert shown[-1].startswith('token  1  "▁you"')
    assert session.opener.target is None
    assert LEFT not in play("run 我爱你")


def test_the_same_text_is_scored_again(play, session):
    assert LEFT not in play("goto @1", "run")
    assert (session.run.teacher_forced, session.cursor) == (True, session.start)


def test_a_text_that_can_not_be_read_leaves_the_output_given(play, session):
    play("run " + "我" * 10_000)
    assert (play.status, session.opener.target, session.run.teacher_forced) == (1, "i love you", True)


def test_another_model_leaves_the_output_behind_and_that_is_said(play):
    assert LEFT in lines(play("model zh-en"))


def test_an_output_is_set_and_taken_away_at_the_prompt(play, session):
    assert "target i like cats" in play("set target i like cats")
    assert session.run.target == ["<s>", "▁i", "▁like", "▁cats", "</s>"]
    assert "target off" in play("set target off", "show target")
    assert not session.run.teacher_forced


def test_an_output_of_ids_is_set_where_there_is_no_tokenizer(tx):
    done = tx(
        "-m",
        str(FIXTURES / "qwen3"),
        "--ids",
        "-t",
        "5 9 2",
        stdin="set target 7 8\ngoto @1\nexpect max(shape(loss)) == 2\n",
    )
    assert done.stdout.splitlines()[-1] == "holds"


@pytest.mark.parametrize("strategy", ["beam", "sample"])
def test_a_strategy_and_a_given_output_are_refused_together(tx, play, session, strategy):
    refused = f"strategy {strategy} chooses tokens, and here the output is given; leave out the strategy or the target"
    done = tx("--target", "i love you", "--strategy", strategy, "--batch", "-e", "run")
    assert (done.returncode, done.stdout) == (2, "")
    assert refused in done.stderr
    assert refused in error_of(play, f"set strategy {strategy}")
    assert session.run.settings.strategy is None
    assert refused in error_of(play, "set target off", f"set strategy {strategy}", "set target i love you")


@pytest.mark.parametrize(
    ("line", "text", "target"),
    [
        ("run", "我爱你", "i love you"),
        ("run 你爱我", "你爱我", None),
        ("set target i like cats", "我爱你", "i like cats"),
    ],
)
def test_text_and_output_are_resumed_together(play, session, tmp_path, line, text, target):
    play(line, "goto @1")
    save(session, tmp_path / "session.json")
    opener = resume(tmp_path / "session.json", print).opener
    assert (opener.text, opener.target) == (text, target)


def test_tokens_of_a_given_output_are_a_table(play, objects):
    shown = lines(play("set target i like cats", "goto @1", "tokens"))[2:]
    assert shown[2].split() == ["#", "target", "token", "prob", "rank", "best", "other", "its", "prob", "loss"]
    assert shown[4].split()[:7] == ["2", '"▁like"', "<.001", "3", '"▁love"', "1.000", "9.156"]
    assert [line.split() for line in shown[-2:]] == [["mean", "7.893"], ["perplexity", "2679"]]
    [_strips, found] = [thing["data"] for thing in objects("tokens")]
    assert [token["token"] for token in found["scored"]] == ["▁i", "▁like", "▁cats", "</s>"]
    assert found["mean_loss"] == pytest.approx(np.mean([token["loss"] for token in found["scored"]]))


def test_scores_say_that_they_are_ahead(play):
    assert "(ahead: the cursor has not been there)" in play("tokens")
    assert "ahead" not in play("goto @1", "tokens")


def test_a_loss_is_shown_beside_the_token_read_and_the_one_scored(play):
    shown = lines(play("set target i like cats", "goto @1", "p loss"))[2:]
    assert [line.split() for line in shown[1:]] == [
        ["token", "read", "token", "scored", "loss"],
        ["0", "<s>", "▁i", "<.001"],
        ["1", "▁i", "▁like", "9.156"],
        ["2", "▁like", "▁cats", "22.417"],
        ["3", "▁cats", "</s>", "<.001"],
        ["mean", "7.893", "perplexity", "2679"],
    ]
    assert [line.split()[:3] for line in lines(play("p loss[2:]"))[2:4]] == [
        ["2", "▁like", "▁cats"],
        ["3", "▁cats", "</s>"],
    ]
    assert lines(play("p/2 loss"))[2].split()[-1] == "<.01"


def test_a_long_loss_keeps_its_largest_in_sight(play):
    shown = lines(play("set rows 3", "goto @1", "set target i like cats", "goto @1", "p loss"))
    assert any("▁cats" in line and "22.417" in line for line in shown)
    assert any("… 2 more …" in line for line in shown)


def test_the_top_of_any_position(play, objects):
    shown = lines(play("set target i like cats", "goto @1", "top 1 at 1"))[2:]
    assert shown[0] == '@1:probs[1]   after "▁i"'
    assert [line.split()[:3] for line in shown[2:4]] == [["1", "44", '"▁love"'], ["3", "43", '"▁like"']]
    assert shown[3].endswith("given")
    assert lines(play('top 1 at "i"')) == lines(play("top at -4 1")) == shown
    [found] = [thing["data"] for thing in objects("top 1 at 1")]
    assert (found["position"], found["chosen"], found["given"]) == (1, None, 43)


def test_the_top_of_a_position_before_has_what_was_chosen_there(play):
    shown = lines(play("set target off", "token 3", "top 1 at 1"))
    assert shown[-2].endswith("chosen")
    assert '"▁love"' in shown[-2]
    assert "why choice" not in shown[-1]
    assert "why choice" in play("top 1")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("top at 9", "index 9 is out of range on axis position"),
        ('top at "cats"', 'axis position has no "cats"'),
        ("top at 1:2", "'1:2' is no position; give a number or a token"),
        ("top 3 at", "top needs at POSITION; usage: top [N] [at POSITION]"),
    ],
)
def test_what_is_no_position(play, line, message):
    assert message in error_of(play, "goto @1", line)


def test_a_word_that_is_an_option_is_offered(session):
    assert [offer.text for offer in completions("top 5 a", session)] == ["at"]
    assert [offer.text for offer in completions("why probs[0,0] -", session)] == ["-d", "-n", "--all"]


@pytest.mark.parametrize("line", ["run 5 6 0", "set target off"])
def test_what_the_checkpoint_asks_for_is_told_when_an_output_is_decoded_again(tx, line):
    given = ("-m", str(FIXTURES / "marian_zh_en"), "--ids", "-t", "5 6 7 0", "--target", "ma")
    asked = "num_beams=6"
    assert asked not in tx(*given, "--batch", "-e", "goto @1").stderr
    assert tx(*given, "--batch", "-e", line, "-e", "token", "-e", line).stderr.count(asked) == 1
