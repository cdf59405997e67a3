"""lens, decoderlens and contributions: in the shell, for programs, and where they have nothing to say."""

import io
from pathlib import Path

import pytest
from test_commands import error_of, lines

import tracer
from commands.batch import Batch
from commands.grammar.lines import given
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.registry import lookup
from commands.session import Session

FIXTURES = Path(__file__).parents[1] / "fixtures"


def said(name, *commands):
    """What is written of a run of some ids on a checkpoint among the fixtures, complaints in it."""
    stream = io.StringIO()
    session = Session(Opener(tracer.load(FIXTURES / name, "float64"), "7 11 12 5 2", ids=True))
    with presenter_of("text")(stream, Look(100, "never"), session.heading) as presenter:
        Batch(session, presenter, keep_going=True).play(given(commands))
    return stream.getvalue()


def test_a_lens_ends_in_what_the_step_says(objects):
    found = objects("t 2", "lens")[-1]["data"]
    top = objects("top 1 at 0", "top 1 at 1")
    assert [row["data"]["top"][0]["id"] for row in top] == found["readings"][0]["ids"][-1]
    assert [row["data"]["top"][0]["token"] for row in top] == found["readings"][1]["tokens"][-1]
    assert [row["data"]["top"][0]["prob"] for row in top] == pytest.approx(found["readings"][0]["probs"][-1])
    assert (found["stack"], found["step"], found["layers"]) == ("decoder", 2, ["embed", "0"])
    assert found["positions"] == ["<s>", "▁i"]
    assert found["gap"] < 1e-14
    assert (found["trust"], found["source"][:14]) == (4, "nostalgebraist")
    assert found["leaves_out"]


def test_a_lens_is_a_table_of_layers_and_positions(play):
    shown = lines(play("t 2", "lens"))[2:]
    assert shown[0] == "lens of the decoder at @2   embedding and 1 layer"
    assert shown[1:3] == ["  each layer as it is", "  layer  0 <s>     1 ▁i"]
    assert shown[5].split() == ["0", "▁i", "1.00", "▁love", "1.00"]
    assert "  each layer before its norm, through the norm of the last" in shown
    assert any(line.startswith("  the last layer is what the run says: largest difference ") for line in shown)


def test_without_a_step_it_is_the_cursors_or_the_first_that_yields_anything(play):
    assert "lens of the decoder at @1 " in play("lens")
    assert "lens of the decoder at @3 " in play("lens at 3")
    assert "decoder at @2, reading" in play("t 2", "decoderlens")
    assert "@1:logits" in play("rt", "rt", 'contributions "i"')


def test_only_the_last_positions_are_shown_unless_all_are_asked_for(play):
    play(f"set target {'i love you ' * 6}", "t")
    shown = play("lens")
    assert "positions before; --all shows them" in shown
    assert " 0 <s>" not in shown
    whole = play("lens --all")
    assert " 0 <s>" in whole
    assert "positions before" not in whole


def test_the_decoder_reads_layers_of_the_encoder(objects, play):
    found = objects("t 2", "decoderlens --outputs")[-1]["data"]
    assert found["outputs"][-1] == "i love you"
    assert (found["gap"], found["step"], found["layers"]) == (0, 2, ["embed", "0"])
    assert found["tokens"][-1] == ["▁i", "▁love"]
    assert len(found["probs"]) == 2
    assert [line.split() for line in lines(play("decoderlens --outputs"))][9] == ["0", "i", "love", "you"]


def test_contributions_add_up_to_the_logit(objects):
    found = objects("t 2", 'contributions "love" not "like"', 'p logit_diff("love", "like")')
    told, value = found[-2]["data"], found[-1]["data"]["value"]
    assert sum(part["value"] for part in told["parts"]) == pytest.approx(told["sum"])
    assert told["sum"] == pytest.approx(value, abs=1e-12)
    assert told["value"] == value
    assert abs(told["remainder"]) < 1e-12
    assert (told["token"], told["not"], told["of"], told["position"]) == ("▁love", "▁like", "@2:logits", 1)
    sizes = [abs(part["value"]) for part in told["parts"]]
    assert sizes == sorted(sizes, reverse=True)
    assert {part["name"] for part in told["parts"] if part["module"] == "decoder.0.cross_attn"} == {
        *("h0", "h1", "output.bias", "norm.bias")
    }
    assert told["trust"] == 2


def test_contributions_are_of_a_position_and_of_tokens_by_piece_or_id(objects):
    by_piece, by_id, first = objects("t 2", "contributions love", "contributions 44", 'contributions "i" at "<s>"')[-3:]
    assert by_piece == by_id
    assert (first["data"]["position"], first["data"]["token"]) == (0, "▁i")
    assert "not" not in first["data"]


def test_modules_come_by_size_with_their_heads_and_all_parts_with_their_cells(play):
    shown = lines(play("t 2", 'contributions "love" not "like"'))[2:]
    assert shown[0].startswith('logit of "▁love" minus that of "▁like"   @2:logits   after 1 ▁i   ')
    assert "= the sum of 13 parts" in shown[0]
    rows = [line.split() for line in shown if line.startswith("  decoder.")]
    sizes = [abs(float(row[1])) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert "h1 7.043" in next(line for line in shown if "cross_attn" in line).replace("\xa0", " ")
    whole = play('contributions "love" --all')
    assert "@2:decoder.0.cross_attn.heads[h1, 1]" in whole
    assert "decoder.0.ffn.output.bias" in whole


def test_with_a_cache_there_are_the_rows_of_the_step(play, objects):
    play("set cache on", "run 我爱你", "t 3")
    found = objects("lens", 'contributions "you"')
    assert found[0]["data"]["positions"] == ["▁love"]
    assert found[1]["data"]["position"] == 0
    assert "index 2 is out of range on axis position" in error_of(play, 'contributions "you" at 2')


def test_a_given_output_is_read_at_every_position(play, objects):
    play("set target i like you", "t")
    assert objects("lens")[0]["data"]["positions"] == ["<s>", "▁i", "▁like", "▁you", "</s>"]
    assert objects('contributions "love" not "like" at 1')[0]["data"]["position"] == 1
    assert "leave out --outputs" in error_of(play, "decoderlens --outputs")


def test_a_beam_run_is_read_as_it_went(play, objects):
    play("set strategy beam", "run 我爱你", "t 2")
    lens, decoder, parts = objects("lens", "decoderlens", 'contributions "love"')
    assert lens["data"]["gap"] < 1e-14
    assert decoder["data"]["gap"] == 0
    assert abs(parts["data"]["remainder"]) < 1e-12


WRONG = {
    "contributions": "contributions needs TOKEN; usage: contributions TOKEN [not TOKEN] [at POSITION] [--all]",
    'contributions "lover"': "lover",
    "contributions 100000": "there is no token 100000",
    'contributions "i" not "i"': "a token has no lead over itself",
    'contributions "i" at 9': "9",
    "lens coder": "coder",
    "lens at x": "'x' is no step; write its number",
    "lens at 99": "there is no step @99",
    "lens at 0": "step @0 has no layers of the decoder",
    "lens encoder": "no vocabulary reads the encoder of zh-en-tiny",
    "decoderlens at 0": "step @0 is the encoder's; the decoder's begin at @1",
    "decoderlens encoder": "decoderlens takes no 'encoder'",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_can_not_be_had_is_told(play, line):
    assert WRONG[line] in error_of(play, line)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lens", "lens computes with the model"),
        ("decoderlens", "decoderlens computes with the model"),
        ('contributions "love"', "was not kept with this trace"),
    ],
)
def test_a_trace_without_its_model_says_what_it_lacks(play, tmp_path, monkeypatch, line, message):
    monkeypatch.chdir(tmp_path)
    play("record run.trace.safetensors", "load run.trace.safetensors", "t 2")
    assert message in error_of(play, line)


def test_capped_logits_are_told_of_and_experts_named():
    shown = said("gemma2", "t 2", "contributions 5", "lens")
    assert "logits are capped here, and the sum is of the value before: @2:logits_raw" in shown
    assert "lens of the decoder at @2" in shown
    assert "expert " in said("mixtral", "t", "contributions 5 not 7")


def test_an_encoder_alone_has_a_lens_and_no_contributions(capsys):
    shown = said("bert", "s", "lens", "contributions 5", "decoderlens") + capsys.readouterr().err
    assert "lens of the encoder at @0   embedding and 2 layers" in shown
    assert "@0:logits is no sum of what the layers yield" in shown
    assert "has no decoder that reads an encoder" in shown


def test_an_encoder_that_shares_the_matrix_of_the_logits_is_read_with_a_caveat():
    shown = " ".join(said("marian_zh_en", "t", "lens encoder").split())
    assert "nothing is recorded to hold it against" in shown
    assert "the last layer is what the run says" not in shown


def test_where_pieces_are_not_known_a_margin_names_ids():
    assert "contributions 39 not 30" in said("opt", "t", "why choice")


def test_why_names_the_command_for_its_margin(play):
    line = 'contributions "▁love" not "▁loves"'
    assert f"what heads and feed-forwards add to it: {line}" in play("t 2", "why choice")
    assert "= the sum of 13 parts" in play(line)
    assert "what heads" not in play('why "i"')


def test_cont_is_still_continue():
    assert lookup("cont").name == "continue"
