"""Reasons and proofs: why, formula, verify, demo."""

import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import tracer
from commands.grammar.parsing import parse_line, usage
from commands.guard import FAILED, FINE, UNEXPECTED
from commands.registry import lookup
from commands.results.demos import EXAMPLES
from commands.verbs.demo import Name
from tracer.errors import InputError

FIXTURES = Path(__file__).parents[1] / "fixtures"
ADDRESS = re.compile(r"(?:[├└│─ ]|[|`-])*\(\d+\) ((?:@\d+:)?[\w.]+\[[\d,]+\]) = ")


def operands(shown):
    """The addresses of the operands at the end of what ``why`` prints, in order."""
    tree = shown.split("\nwhy ")[0].splitlines()[2:]
    return [match[1] for line in tree if (match := ADDRESS.match(line))]


def followed(play, first):
    """Every address met on the way from a cell, asking why of every operand printed that was not met before."""
    met, waiting = [], [first]
    while waiting and len(met) < 150:
        address = waiting.pop(0)
        met.append(address)
        shown = play(f"why {address}")
        assert play.status == FINE, address
        waiting += [operand for operand in operands(shown) if operand not in [*met, *waiting]]
    return met


def test_why_leads_from_a_probability_to_the_embedding_table_and_to_parameters(play, session):
    play("token")
    met = followed(play, 'probs[-1, "love"]')
    kinds = {address.partition("[")[0] for address in met if not address.startswith("@")}
    parameters = session.run.model.parameters
    assert "decoder.embed.weight" in kinds
    assert any(name in parameters and parameters[name].array.ndim == 2 and "embed" not in name for name in kinds)
    assert any(address.startswith("@0:encoder.") for address in met)


def test_what_is_printed_leads_there_on_the_command_line(tx):
    done = tx("-t", "我爱你", "--batch", "-e", "token", "-e", 'why probs[-1, "love"] -d 9')
    assert done.returncode == FINE
    found = set(re.findall(r"─ \(\d+\) ((?:@\d+:)?[\w.]+\[[\d,]+\]) = ", done.stdout))
    assert any(address.startswith("decoder.embed.weight[") for address in found)
    assert any(address.startswith("decoder.0.ffn.output.weight[") for address in found)


def test_every_level_is_a_derivation_in_jsonl(objects):
    assert [d["address"] for d in objects("token", "why dec.0.ffn.residual[0,0] -d 2")[-3:]] == [
        "@1:decoder.0.ffn.residual",
        "@1:decoder.0.cross_attn.norm",
        "@1:decoder.0.ffn.output",
    ]


def test_all_shows_every_term_and_n_so_many(play):
    assert "further" not in play("token", "why logits[0,0] --all")
    assert "… 12 further terms" in play("why logits[0,0]")
    assert "… 10 further terms" in play("why -n 6 logits[0,0]")


def test_a_masked_cell_is_explained(play):
    for cell in ("weights[0,0,1]", "masked[0,0,1]", "mask[0,1]"):
        assert "hidden by the causal mask: key 1 > query 0" in play("t", "t", f"why @2:dec.0.self.{cell}", "run")
        assert play.status == FINE
    assert "mask: key 0 is visible" in play("t 2", "why dec.0.self.weights[0,1,0]")


def test_a_leaf_of_the_embedding_names_its_token(play):
    assert '"爱" = id 39' in play("t", 'why enc.embed.tokens["爱", 0]')
    assert 'position "爱"' in play('why enc.embed.tokens["爱", 0]')


def test_a_choice_is_told_against_the_runner_up(play, objects):
    for cell in ("choice", 'probs[-1, "i"]', 'choice.probs["i"]'):
        shown = play("run", "token", f"why {cell}")
        assert 'why "▁i" and not' in shown
        assert "margin" in shown
    assert "and not" not in play('why probs[-1, "love"]')
    facts = objects("run", "token", "why choice")[-1]["data"]
    assert facts["margin"] == pytest.approx(facts["chosen"]["logit"] - facts["runner_up"]["logit"])
    assert sum(facts["terms"]) + facts["rest"] == pytest.approx(facts["margin"])


def test_a_token_that_was_chosen_is_told_against_the_runner_up(play, objects):
    shown = play("run", "token", "token", 'why "i"')
    assert "@1:choice = 18" in shown
    assert 'why "▁i" and not "▁me"' in shown
    assert "@2:choice = 44" in play('why "love"')
    assert "why" not in play('why "爱"').partition("\n")[2]
    assert objects('why "love"')[-1]["data"]["chosen"]["id"] == 44


def test_a_token_chosen_twice_is_told_for_the_step_of_the_cursor_else_for_the_last(tx):
    commands = ("continue", 'why "("', "goto @1", 'why "("', 'why "("#2', 'why "("#9')
    given = [part for line in commands for part in ("-e", line)]
    done = tx("-m", str(FIXTURES / "gpt2"), "--ids", "-t", "5 9 2", "--max-tokens", "4", "--batch", *given)
    assert re.findall(r"^@(\d+):choice = ", done.stdout, re.MULTILINE) == ["3", "1", "2"]
    assert re.findall(r"positions ([\d, ]*\d)", done.stdout) == ["3, 4, 5", "3, 4, 5", "4"]
    assert '"("#9 is not there: the token does not occur so often' in done.stderr


def test_top_ends_with_the_contest_and_where_to_ask(play, objects, session):
    assert play("token", "top 3").splitlines()[-1] == (
        '  "▁i" and not "▁me": by logit 28.575 − 19.638 = 8.937; what adds to that: why choice'
    )
    facts = objects("top 3")[-1]["data"]
    assert facts["runner_up"] == facts["top"][1]["id"]
    logits = session.run.step(1)["logits"].array[-1]
    assert facts["margin"] == pytest.approx(logits[facts["chosen"]] - logits[facts["runner_up"]])


def test_the_operands_are_numbered_and_lead_on(play):
    play("token")
    shown = play("why dec.0.ffn.norm[0,3]")
    for number, address in enumerate(operands(shown), 1):
        assert f"({number}) {address} = " in shown
        assert play("why dec.0.ffn.norm[0,3]", f"why {number}").splitlines()[-1] in play(f"why {address}")
    assert len(operands(shown)) == 4


def test_the_numbers_of_a_deep_tree_and_of_a_contest_go_on(play, session):
    play("token")
    shown = play('why probs[-1, "i"] -d 3')
    numbers = [int(number) for number in re.findall(r"\((\d+)\) ", shown)]
    assert list(dict.fromkeys(numbers)) == list(range(1, len(session.asked) + 1))
    assert numbers.count(1) == 2, "the logit of the token chosen is an operand, and a side of the contest"
    assert f'({len(session.asked)}) "▁me"  @1:logits[0,72] = ' in shown
    assert play(f"why {len(session.asked)}").splitlines()[1].startswith("@1:logits[0,72] = ")


def test_a_parameter_leads_no_further_and_its_siblings_stay_within_reach(play):
    assert "parameter  decoder.0.ffn.norm.weight" in play("token", "why dec.0.ffn.norm[0,3]", "why 3")
    assert "parameter  decoder.0.ffn.norm.bias" in play("why 4")


def test_a_token_that_was_not_chosen_is_told_against_the_one_that_was(play, objects, session):
    shown = play("token 2", 'why "cats"')
    assert 'why "▁love" and not "▁cats"' in shown
    facts = objects('why "cats"')[-1]["data"]
    logits = session.run.step(2)["logits"].array[-1]
    assert facts["margin"] == pytest.approx(logits[facts["chosen"]["id"]] - logits[facts["other"]["id"]])
    assert sum(facts["terms"]) + facts["rest"] == pytest.approx(facts["margin"])
    assert play("why 2").splitlines()[1].startswith(f"@2:logits[1,{facts['other']['id']}] = ")


RULED_OUT = {
    "marian_zh_en": ("5 6 7 0", (), '"<pad>"', "a bad word of the checkpoint's settings"),
    "bart_tied": ("5 6 7 2", (), '"9"', "token 0 is forced here"),
    "torch_post": ("7 11 2", ("--strategy", "sample", "--top-k", "2"), '"9"', "not among the 2 largest"),
    "gpt2": ("5 9 2", ("--strategy", "sample", "--top-p", ".1"), '"▁bo"', "outside the nucleus of probability 0.1"),
}


@pytest.mark.parametrize("name", RULED_OUT)
def test_the_rule_that_rules_a_token_out_is_said(tx, name):
    ids, options, token, ruling = RULED_OUT[name]
    lines = ("token", f"why {token}")
    given = [part for line in lines for part in ("-e", line)]
    shown = tx("-m", str(FIXTURES / name), "--ids", "-t", ids, *options, "--batch", *given).stdout
    assert f"{token} can't be chosen here: {ruling}" in shown
    assert "the other has no part in choice.probs" in shown
    assert re.search(rf"^why .* and not {re.escape(token)}$", shown, re.MULTILINE)


def test_where_nothing_is_chosen_there_is_nothing_to_tell_of_a_token(play):
    none = "no token is chosen here"
    assert none in play('why "cats"')
    assert none in play("step", 'why "cats"')
    assert none not in play('why "爱"')
    assert "nothing is chosen where the output is given" in play("set target i love you", "goto @1", 'why "cats"')


def test_a_parameter_is_used_where_the_cursor_is_or_where_it_was_first(tx):
    lines = ("continue", "goto @3", "why dec.0.self.k.weight", "why dec.0.cross.k.weight", "why enc.0.self.k.weight")
    given = [part for line in lines for part in ("-e", line)]
    done = tx("-t", "我爱你", "--cache", "--batch", *given)
    assert re.findall(r"used by +(.*)", done.stdout) == [
        "@3:decoder.0.self_attn.k_new",
        "@1:decoder.0.cross_attn.k",
        "@0:encoder.0.self_attn.k",
    ]


def test_a_token_of_a_checkpoint_without_a_tokenizer_is_its_id(tx):
    done = tx("-m", str(FIXTURES / "qwen3"), "--ids", "-t", "5 9 2", "--batch", "-e", "t", "-e", 'why "9"')
    assert "id 9   positions 1   embedding model.embed_tokens.weight[9,:]" in done.stdout


@pytest.mark.parametrize("name", ["decoder.0.self_attn.norm.weight", "dec.0.self.norm.weight"])
def test_a_parameter_is_explained_as_one(play, objects, session, name):
    shown = play("t", f"why {name}[1]")
    assert "decoder.0.self_attn.norm.weight" in shown
    assert "[feature 16]" in shown
    assert "@1:decoder.0.self_attn.norm" in shown
    facts = objects(f"why {name}[1]")[-1]["data"]
    assert facts["value"] == session.run.model.parameters["decoder.0.self_attn.norm.weight"].array[1]
    assert objects(f"why {name}")[-1]["data"]["values"] == 16


def test_a_cell_of_an_embedding_and_a_token_are_explained(objects):
    assert objects("t", "why encoder.embed.weight[39,0]")[-1]["data"]["token"] == '"爱" = id 39'
    assert objects('why "爱"')[-1]["data"] == {
        "token": "爱",
        "source": {"id": 39, "positions": [1], "embedding": "encoder.embed.weight[39,:]"},
    }
    assert objects('why "love"')[0]["data"]["target"]["id"] == 44


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("why dec.0.cross.weights[0,0]", "more than one cell; give one place on each of its axes: head, query, key"),
        ("why dec.0.cross.weights[0,0,0,0]", "has 3 axes (head, query, key), and 4 selectors were given"),
        ("why dec.0.cross.weights[0,0,9]", "index 9 is out of range on axis key"),
        ("why encoder.embed.weight[99,0]", "index 99 is out of range on axis vocab"),
        ("why encoder.embed.weight[0,0,0]", "encoder.embed.weight has 2 axes"),
        ("why nothing.at.all[0]", "nothing is recorded at nothing.at.all"),
        ('why "xyzzy"', '"xyzzy" is no token of zh-en-tiny'),
        ('why "love"#9', '"love"#9 is not there: the token does not occur so often'),
        ("why @1", "@1 is a whole step; name a cell of it, e.g. @1:choice"),
        ("why probs[0,0] --foo", "why has no --foo; usage: why CELL"),
        ("why logits [0,1", "'logits [0,1' is no address"),
        ("why logits[0,1", "'logits[0,1' is no address"),
        ("why dec.0.ffn.norm[1,0]", "index 1 is out of range on axis position: it has one place, 0"),
        ("why choice[0]", "@1:choice is a single number; leave the selectors out"),
        ("verify @*:nothing", "nothing is recorded at nothing"),
        ("verify @*:@1:probs", "@*:@1:probs names a step, and @* is every step; write one of them"),
        ("verify dec.0.ffn.norm[0,0,0]", "has 2 axes (position, feature), and 3 selectors were given; leave 1 out"),
        ("why 2", "no operand is numbered yet; why CELL numbers those of a cell"),
        ("why probs[0,0] -d 0", "-d takes a whole number from 1 to 20, not '0'"),
        ("why probs[0,0] -d -3", "-d takes a whole number from 1 to 20, not '-3'"),
        ("why probs[0,0] -d 1000000", "-d takes a whole number from 1 to 20, not '1000000'"),
        ("why probs[0,0] -n x", "-n takes a whole number from 1 to 1000, not 'x'"),
        ("why probs[0,0] -d", "why needs -d DEPTH"),
        ("why probs[0,0] -q", "why has no -q; usage: why CELL [-d DEPTH] [-n TERMS] [--all]"),
        ("why", "why needs CELL"),
        ("formula dec.0.ffn.norm.weight", "is a parameter"),
        ("verify dec.0.ffn.norm.weight", "is a parameter"),
        ("verify @77", "there is no step @77"),
        ("demo layernorm x", "is no row of numbers"),
        ("demo mask 0", "0 tokens can't be"),
        ("demo nothing", "is none of layernorm, softmax, linear, mask, positions"),
        ("demo softmax " + "1 " * 65, "give from 1 to 64 numbers"),
    ],
)
def test_what_cannot_be_answered_is_one_clear_sentence(play, line, message):
    error = json.loads(play("token", line, output="jsonl").splitlines()[-1])
    assert error["kind"] == "error"
    assert message in error["message"]
    assert play.status == FAILED


def test_options_stand_anywhere_after_the_command():
    wanted = parse_line('why -d 3 probs[-1, "a -n b"] --all').arguments
    assert wanted["depth"] == 3
    assert wanted["whole"] is True
    assert str(wanted["cell"]) == 'probs[-1, "a -n b"]'
    assert usage(lookup("why")) == "why CELL [-d DEPTH] [-n TERMS] [--all]"
    with pytest.raises(InputError, match="why has no -x"):
        parse_line("why probs -x")


def test_a_formula_has_shapes_convention_and_literature(play, objects):
    shown = play("t 2", "formula dec.0.ffn.hidden")
    assert "[2,16] · [16,32] → [2,32]" in shown
    assert "Linear(x) = W x + b" in shown
    assert "§3.3" in shown
    data = objects("formula dec.0.cross.scores")[-1]["data"]
    assert data["latex"] == r"\frac{Q K^{\top}}{\sqrt{d_k}}"
    assert [(side["symbol"], side["axes"]) for side in data["operands"]] == [
        ("q", ["head", "query", "d_k"]),
        ("kᵀ", ["head", "d_k", "key"]),
    ]


def test_a_row_times_a_column_gives_a_cell(play):
    shown = play("t", "formula dec.0.cross.heads[h0,0,1]").splitlines()
    assert "  w = @1:decoder.0.cross_attn.weights[0,0,:]" in shown
    assert "  v = @1:decoder.0.cross_attn.v[0,:,1]" in shown
    assert len([line for line in shown if re.search(r"\| +-?\d\.\d{3} \|", line)]) == 4
    assert shown[-1].startswith("  @1:decoder.0.cross_attn.heads[0,0,1] = ")


PICTURE = "this row times that column gives this cell: [1,16] · [16,32] → [1,32]"


def test_why_shows_the_row_and_the_column_of_a_product(play):
    shown = play("t", "why dec.0.ffn.hidden[0,3]").splitlines()
    assert shown[shown.index(PICTURE) + 1 :][:2] == [
        "  x = @1:decoder.0.cross_attn.norm[0,:]",
        "  W = decoder.0.ffn.hidden.weight[3,:]",
    ]
    assert shown[-1].startswith("  @1:decoder.0.ffn.hidden[0,3] = ")
    assert "this row" not in play("why dec.0.ffn.norm[0,3]")


def test_a_split_into_heads_is_told(play):
    shown = play("t", "t", "why dec.0.self.q[0,0,3]")
    assert "[2,16] · [16,16] → [2,16], split into heads: [2,2,8]" in shown
    assert "[2,2,8] · [2,8,2] → [2,2,2]" in play("why dec.0.self.scores[0,1,1]")


def test_lists_stand_in_place_of_grids(tx):
    command = "why dec.0.ffn.hidden[0,3]"
    shown = tx("--accessible", "--batch", "-e", "t", "-e", command).stdout
    assert "  x = @1:decoder.0.cross_attn.norm[0,:]: -2.079" in shown
    assert "| " not in "".join(line.lstrip("|`- ") for line in shown.splitlines())


def test_the_convention_is_the_files_own(tx):
    command = "formula decoder.0.ffn.hidden"
    done = tx("-m", str(FIXTURES / "gpt2"), "--ids", "-t", "5 9 2", "--batch", "-e", "t", "-e", command)
    assert "x W + b, as the file has W [in, out]" in " ".join(done.stdout.split())


def test_verify_says_what_was_checked(play, objects):
    shown = play("t", "verify")
    assert "step @1" in shown
    assert "derivation" in shown
    assert "largest difference" in shown
    assert play.status == FINE
    checks = objects("verify dec.0.cross.weights[0,0,1]")[-1]["data"]["checks"]
    assert [(check["name"], check["checked"]) for check in checks][:3] == [
        ("derivation", 1),
        ("performed again", 1),
        ("softmax adds up to 1", 1),
    ]
    assert objects("verify @0")[-1]["data"]["scope"].startswith("step @0: ")


def test_verify_checks_the_cells_that_selectors_leave(objects):
    [data] = [thing["data"] for thing in objects("t", "verify dec.0.ffn.norm[0, 0:3]") if thing["kind"] == "result"]
    assert data["scope"] == "@1:decoder.0.ffn.norm[0, 0:3]"
    assert [(check["name"], check["checked"]) for check in data["checks"]][:1] == [("derivation", 3)]


def test_verify_goes_through_every_step_computed(play, objects, session):
    play("t", "t")
    counts = {check["name"]: check["checked"] for check in objects("verify @*")[-1]["data"]["checks"]}
    each = [objects(f"verify @{n}")[-1]["data"]["checks"] for n in range(3)]
    assert counts["derivation"] == sum(check["checked"] for checks in each for check in checks[:1])
    records = sum(len(session.run.step(n)) for n in range(3))
    assert f"steps @0 to @2: {records} records" in play("verify @*")
    assert "steps @1 to @2: 2 records" in play("verify @*:dec.0.ffn.norm[0]")
    assert play.status == FINE
    record = session.run.step(1).find("decoder.0.ffn.hidden")
    record.output.array = record.output.array + 0.5
    assert "does not hold" in play("verify @*")
    assert play.status == UNEXPECTED


def test_every_step_computed_is_none_before_the_first(play, capsys):
    play("verify @*")
    assert play.status == FAILED
    assert "no step is computed yet" in capsys.readouterr().err


def test_verify_fails_loudly(play, session, capsys):
    play("t")
    record = session.run.step(1).find("decoder.0.ffn.hidden")
    record.output.array = np.where(record.output.array > 0, record.output.array + 0.5, record.output.array)
    shown = play("verify", "quit")
    assert play.status == UNEXPECTED
    assert "does not hold" in shown
    assert "@1:decoder.0.ffn.hidden" in capsys.readouterr().err


def test_the_lectures_layer_norm(play):
    shown = play("demo layernorm 1 3 5")
    assert "0  -1.22474     1   0.00000     2   1.22474" in shown
    assert "the lecture prints (−1.83, 0, 1.83)" in shown
    assert "the lecture" not in play("demo layernorm 1 3 6")


def test_the_lectures_softmax(play):
    shown = play("demo softmax 1 2 −∞ -inf")
    assert "0.26894" in shown
    assert "0.268199" in shown
    assert "the lecture" not in play("demo softmax 1 2")


def test_a_demo_is_real_operations(objects):
    tensors = [thing for thing in objects("demo mask 3") if thing["kind"] == "tensor"]
    assert [tensor["address"] for tensor in tensors] == ["mask", "masked", "weights"]
    assert tensors[0]["values"][0] == [0.0, "-inf", "-inf"]
    assert tensors[2]["values"][0][0] == [1.0, 0.0, 0.0]
    [derivation] = [thing for thing in objects("demo positions 6 8") if thing["kind"] == "derivation"]
    assert derivation["value"] == pytest.approx(np.cos(5 / 1000))
    linear = objects("demo linear 1 0")
    assert linear[0]["values"] == [[1.5, 2.5]]


def test_what_is_no_number_is_neither_the_most_nor_a_bar(play):
    shown = play("demo softmax nan 2")
    assert "entropy nan of 1.00 bits" in shown
    assert "█" not in shown
    assert not re.search(r"max$", shown, re.MULTILINE)
    assert "hidden: max is −∞" in play("demo softmax -inf -inf").partition("softmax[0]")[0]


def test_nan_and_infinity_in_a_demo(play):
    for numbers in ("nan 1", "inf 1", "-inf -inf", "1e300 -1e300", "5"):
        for name in ("softmax", "layernorm", "linear"):
            play(f"demo {name} {numbers}")
            assert play.status == FINE, (name, numbers)


def test_why_works_on_every_record_of_a_decoder():
    """Only that nothing fails is checked here: on a decoder-only model with rotary positions and grouped keys."""
    from commands.opener import Opener
    from commands.session import Session
    from commands.verbs.why import why
    from tracer.addresses import Address, Index

    session = Session(Opener(tracer.load(FIXTURES / "llama_gqa"), "5 9 2 7", ids=True))
    session.token()
    for record in session.run.step(1):
        places = tuple(Index(n - 1) for n in record.output.shape)
        for result in why.function(session, Address(record.address, 1, selectors=places), depth=2):
            assert list(result.objects())
            assert result.view()


def test_every_example_can_be_asked_for():
    assert get_args(Name) == tuple(EXAMPLES)


def test_a_row_of_one_number_is_shown_once(play):
    told = play("set cache on", "goto @2", 'backward logprob("love")', "why grad.dec.0.self.k[0,0,0]")
    assert re.search(r"^  \[ -\d\.\d{4}e-\d\d \]  ·  \| \d\.\d{4} \|  ≈ -\d\.\d{4}e-\d\d$", told, re.MULTILINE)
