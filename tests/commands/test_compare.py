"""``tx-trace compare`` and `compare` in the shell: what another program computed, held against a checkpoint."""

import json
import shutil
from functools import cache
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from safetensors.numpy import load_file, save_file

import tracer
from commands.guard import FAILED, FINE, UNEXPECTED, UNUSABLE
from tests.dumped import recorded
from tracer.mistakes import mistake
from tracer.run import Run

FIXTURES = Path(__file__).parents[1] / "fixtures"
PORTS, DUMPS, GPT2 = FIXTURES / "dumps_of_ports", FIXTURES / "dumps", FIXTURES / "gpt2"
SCORES = "decoder.0.cross_attn.scores"
SOURCE, TARGET = [7, 11, 12, 5, 2], [9, 4, 17, 16]
SAMPLES = sorted(path for kind in DUMPS.iterdir() for path in kind.iterdir())


@cache
def numbers(wrong=""):
    """What a port of the small GPT-2 computes, by address without a step: with a mistake in it, if one is named."""
    run = tracer.trace(tracer.load(GPT2), ids=SOURCE, target_ids=TARGET)
    edited = run.branch(tracer.edit("**", mistake(wrong))).decode() if wrong else run
    return {address[3:]: array for address, array in recorded(edited).items() if not address.endswith("loss")}


@pytest.fixture
def ported(tmp_path):
    """A dump of that port, with more in it; without ids unless there are some."""

    def port(wrong="", name="port.npz", **more):
        np.savez(tmp_path / name, **numbers(wrong) | more)
        return str(tmp_path / name)

    return port


IDS = {"input_ids": np.array([[*SOURCE, *TARGET]])}


def case(name):
    """The dump of a port, and its checkpoint."""
    told = json.loads((PORTS / name / "expected.json").read_text(encoding="utf-8"))
    return str(next((PORTS / name).glob("dump.*"))), "-m", str(FIXTURES / told["checkpoint"])


# the command line


def test_where_all_agrees_the_status_is_0(tx):
    done = tx("compare", *case("gpt2_untied-none-weights-left"))
    assert (done.returncode, done.stderr) == (FINE, "")
    assert "first difference" not in done.stdout
    assert done.stdout.splitlines()[-1] == "23 addresses compared: 23 ok, 0 beyond the noise"


def test_where_something_differs_the_status_is_3_and_the_mistake_is_named(tx):
    dump, *checkpoint = case("gpt2_untied-activation")
    done = tx("compare", dump, *checkpoint, "--width", "300")
    assert (done.returncode, done.stderr) == (UNEXPECTED, "")
    lines = done.stdout.splitlines()
    assert "first difference: @1:decoder.0.ffn.activated" in lines
    assert any(line.startswith("activation relu at @1:decoder.0.ffn.activated explains it: largest") for line in lines)
    assert f"  tx-trace -m {checkpoint[1]} -e 'compare {dump} --go'" in lines
    [beyond] = [line for line in lines if line.startswith("@1:decoder.0.ffn.activated ")]
    assert "  BEYOND" in beyond
    assert any(line.startswith("@1:logits") and "  inherited" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((str(GPT2 / "nowhere.npz"),), "nowhere.npz: is missing"),
        ((str(GPT2 / "vocab.json"),), "is no dump of a known format; --as names one of"),
        ((str(GPT2 / "reference.safetensors"), "--as", "npzz"), "there is no format 'npzz'; did you mean npz"),
        ((str(GPT2 / "reference.safetensors"), "--as", "npz"), "reference.safetensors"),
        ((str(GPT2 / "reference.safetensors"), "--map", "gone.txt"), "gone.txt: is missing"),
        (
            (str(GPT2 / "model.safetensors"),),
            "holds no input_ids to compute from; state what went in: --text and --target",
        ),
        ((str(GPT2 / "reference.safetensors"), "--ids", "-t", "5 x"), "'5 x'"),
        ((str(GPT2 / "reference.safetensors"), "--ids", "-t", "5 9999"), "token id 9999 is out of range"),
        ((str(GPT2 / "reference.safetensors"), "--attention-mask", "1 2"), "attention_mask has 2 numbers"),
        ((str(GPT2 / "reference.safetensors"), "--format", "docx"), "docx"),
    ],
)
def test_what_can_not_be_read_is_one_sentence_and_status_2(tx, arguments, told):
    done = tx("compare", *arguments, "-m", str(GPT2))
    assert (done.returncode, done.stdout) == (UNUSABLE, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_dump_with_nothing_to_compare_is_status_2(tx, tmp_path):
    np.savez(tmp_path / "x.npz", **IDS, other=np.ones(3, np.float32))
    done = tx("compare", str(tmp_path / "x.npz"), "-m", str(GPT2))
    assert (done.returncode, done.stdout) == (UNUSABLE, "")
    assert "x.npz: holds nothing to compare: no name among its 1 tensors is known" in done.stderr


def test_a_wrong_checkpoint_and_a_wrong_option(tx):
    done = tx("compare", str(GPT2 / "reference.safetensors"), "-m", "nowhere")
    assert (done.returncode, done.stdout) == (UNUSABLE, "")
    assert "there is no model 'nowhere'" in done.stderr
    assert tx("compare").returncode == UNUSABLE
    assert tx("compare", "x", "--no-such-option").returncode == UNUSABLE


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_of_every_format_is_a_table_or_a_sentence(tx, path):
    given = ("--ids", "-t", "5 9 17 0", "--target", "351 3 7")
    done = tx("compare", str(path), "-m", str(FIXTURES / "marian_zh_en"), *given)
    assert done.returncode in (FINE, UNEXPECTED, UNUSABLE)
    if done.returncode == UNUSABLE:
        assert (done.stdout, len(done.stderr.splitlines())) == ("", 1)
        assert done.stderr.strip().isprintable()
    else:
        assert done.stderr == ""
        assert done.stdout.splitlines()[0].startswith("address ")
        assert "beyond the noise" in done.stdout.splitlines()[-1]


RIGHT = [
    "debug_mode/marian_zh_en.txt",
    "msprobe/statistics_L0",
    "msprobe/statistics_mix",
    "msprobe/tensor_L0",
    "transformers_debugger/repr",
    "transformers_debugger/safetensors",
    "transformers_debugger/summary",
]


@pytest.mark.parametrize("sample", RIGHT)
def test_what_transformers_computed_agrees_whoever_wrote_it_down(tx, sample):
    given = ("--ids", "-t", "5 9 17 0", "--target", "351 3 7")
    done = tx("compare", str(DUMPS / sample), "-m", str(FIXTURES / "marian_zh_en"), *given)
    rows = list(takewhile(lambda line: line.startswith("@"), done.stdout.splitlines()[2:]))
    assert (done.returncode, len(rows) >= 8) == (FINE, True)
    exact = sample.endswith(("tensor_L0", "safetensors"))
    assert {("  ok" in row, "  as printed" in row) for row in rows} == {(exact, not exact)}


# what went in


def test_ids_are_stated_where_the_dump_has_none(tx, ported):
    dump, whole = ported("no_scale"), " ".join(map(str, [*SOURCE, *TARGET]))
    missing = tx("compare", dump, "-m", str(GPT2))
    assert (missing.returncode, "holds no input_ids" in missing.stderr) == (UNUSABLE, True)
    done = tx("compare", dump, "-m", str(GPT2), "--ids", "-t", whole)
    assert done.returncode == UNEXPECTED
    assert "first difference: @1:decoder.0.self_attn.scores" in done.stdout
    parts = ("--ids", "-t", " ".join(map(str, SOURCE)), "--target", " ".join(map(str, TARGET)))
    assert "first difference: @1:decoder.0.self_attn.scores" in tx("compare", dump, "-m", str(GPT2), *parts).stdout
    assert tx("compare", ported(), "-m", str(GPT2), *parts).returncode == FINE


def test_a_text_is_read_by_the_tokenizer(tx, tmp_path):
    arrays = load_file(tracer.load("zh-en-tiny").path / "reference.safetensors")
    del arrays["source_ids"], arrays["target_ids"]
    save_file(arrays, tmp_path / "x.safetensors")
    dump = str(tmp_path / "x.safetensors")
    right = tx("compare", dump, "-m", "zh-en-tiny", "-t", "我爱你", "--target", "i love you")
    assert (right.returncode, right.stderr) == (FINE, "")
    assert "@1:logits" in right.stdout
    assert tx("compare", dump, "-m", "zh-en-tiny", "-t", "我爱它", "--target", "i love you").returncode == UNEXPECTED


def test_masks_and_positions_are_stated(tx, tmp_path):
    mask, positions = [0, 0, 1, 1, 1], [0, 0, 0, 1, 2]
    run = tracer.trace(tracer.load(GPT2), ids=SOURCE, target_ids=[], mask=mask, positions=positions)
    np.savez(tmp_path / "x.npz", input_ids=np.array(SOURCE), logits=run[1]["logits"].array)
    given = (str(tmp_path / "x.npz"), "-m", str(GPT2))
    stated = ("--attention-mask", "0 0 1 1 1", "--position-ids", "0 0 0 1 2")
    assert tx("compare", *given).returncode == UNEXPECTED
    assert tx("compare", *given, *stated).returncode == FINE
    assert tx("compare", *given, *stated[:2]).returncode == FINE
    assert tx("compare", *given, *stated[:2], "--position-ids", "4 3 2 1 0").returncode == UNEXPECTED


def test_names_come_from_a_file(tx, tmp_path):
    arrays = {f"blk.{n}.scores": numbers("no_scale")[f"decoder.{n}.self_attn.scores"] for n in range(2)}
    np.savez(tmp_path / "x.npz", **IDS, **arrays)
    (tmp_path / "names.txt").write_text("# theirs\nblk.*.scores = decoder.*.self_attn.scores\n", encoding="utf-8")
    given = (str(tmp_path / "x.npz"), "-m", str(GPT2))
    assert tx("compare", *given).returncode == UNUSABLE
    done = tx("compare", *given, "--map", str(tmp_path / "names.txt"), "--width", "160")
    assert done.returncode == UNEXPECTED
    assert "no_scale at @1:decoder.0.self_attn.scores explains it" in done.stdout
    assert "  blk.0.scores" in done.stdout


def test_what_looks_like_a_record_is_proposed_and_not_compared(tx, ported):
    done = tx("compare", ported(theirs=numbers()["decoder.0.ffn.hidden"], **IDS), "-m", str(GPT2), "--width", "160")
    assert done.returncode == FINE
    assert "not compared, no address is known for: theirs" in done.stdout
    assert "  theirs = decoder.0.ffn.hidden" in done.stdout.splitlines()
    assert not any(line.startswith("@1") and line.endswith("theirs") for line in done.stdout.splitlines())


def test_the_command_that_goes_there_has_what_was_stated(tx, ported):
    dump, whole = ported("no_scale"), " ".join(map(str, [*SOURCE, *TARGET]))
    done = tx("compare", dump, "-m", str(GPT2), "--ids", "-t", whole, "--as", "npz", "--width", "300")
    follow = f"  tx-trace -m {GPT2} -t '{whole}' --ids -e 'compare {dump} --as npz --go'"
    assert follow in done.stdout.splitlines()
    again = tx("-m", str(GPT2), "-t", whole, "--ids", "--batch", "-e", f"compare {dump} --as npz --go", "-e", "where")
    assert again.returncode == FINE
    assert "decoder.0.self_attn" in again.stdout.splitlines()[-4]


# how it looks, and where it goes


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("name", ["gpt2_untied-activation", "mistral_window-no_scale-hidden"])
def test_no_line_is_wider_than_the_page(tx, width, name):
    done = tx("compare", *case(name), "--width", str(width))
    assert done.returncode == UNEXPECTED
    assert max(map(cell_len, done.stdout.splitlines())) <= width


def test_colours_are_for_who_wants_them(tx, monkeypatch):
    given = ("compare", *case("mistral_window-no_scale-hidden"))
    plain = tx(*given).stdout
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in tx(*given).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert tx(*given).stdout == plain


def test_another_language_has_the_same_numbers(tx):
    dump, *checkpoint = case("mistral_window-no_scale-hidden")
    english, chinese = (
        tx("compare", dump, *checkpoint, "--width", "200", "--lang", language).stdout.splitlines()[2].split()
        for language in ("en", "zh")
    )
    assert english[:6] == chinese[:6]


COMPARISON = {
    *("kind", "dump", "format", "first", "cause", "causes", "evidence", "suspects", "known", "checked", "unmatched"),
    *("proposals", "notes"),
}
CHECK = {"kind", "name", "address", "largest", "relative", "allowed", "holds", "state", "evidence", "compared", "cells"}


def test_as_lines_of_json(tx):
    dump, *checkpoint = case("gpt2_untied-activation")
    done = tx("compare", dump, *checkpoint, "--format", "jsonl")
    assert (done.returncode, done.stderr) == (UNEXPECTED, "")
    whole, *checks = map(json.loads, done.stdout.splitlines())
    assert whole.keys() >= COMPARISON
    assert (whole["kind"], whole["first"], whole["cause"]) == ("comparison", "decoder.0.ffn.activated", "activation")
    assert (whole["checked"], len(checks)) == (len({check["address"] for check in checks}), 28)
    assert whole["evidence"]["activation relu"] < 1e-5 < whole["evidence"]["gelu_variant tanh"]
    assert all(check["kind"] == "check" and check.keys() >= CHECK for check in checks)
    states = [check["state"] for check in checks]
    assert states.index("adds") < states.index("inherits")
    assert [check["holds"] for check in checks] == [state == "agrees" for state in states]
    none = json.loads(tx("compare", *case("qwen3-none-bfloat16"), "--format", "jsonl").stdout.splitlines()[0])
    assert (none["first"], none["cause"], none["evidence"]) == (None, None, {})


def test_what_is_no_number_is_a_string_of_json(tx, ported):
    logits = numbers()["logits"].copy()
    logits[0, 0] = np.nan
    done = tx("compare", ported(**IDS, logits=logits), "-m", str(GPT2), "--format", "jsonl")
    assert done.returncode == UNEXPECTED
    checks = {one["address"]: one for one in map(json.loads, done.stdout.splitlines()) if one["kind"] == "check"}
    logits = checks["@1:logits"]
    assert (logits["largest"], logits["at"]["there"], logits["holds"]) == ("inf", "nan", False)


@pytest.mark.parametrize(
    ("suffix", "begins"), [("html", "<!DOCTYPE html>"), ("md", ""), ("svg", "<svg"), ("jsonl", '{"kind": "comparison"')]
)
def test_a_report_goes_to_a_file_by_its_name(tx, tmp_path, suffix, begins):
    report = tmp_path / f"report.{suffix}"
    done = tx("compare", *case("mistral_window-no_scale-hidden"), "-o", str(report))
    assert (done.returncode, done.stdout, done.stderr) == (UNEXPECTED, "", "")
    text = report.read_text(encoding="utf-8").replace("\\_", "_")
    assert text.lstrip().startswith(begins)
    assert all(word in text for word in ("no_scale", "decoder.0.self_attn.scores"))


def test_a_format_that_is_named_goes_before_the_name(tx, tmp_path):
    tx("compare", *case("mistral_window-no_scale-hidden"), "-o", str(tmp_path / "x.html"), "--format", "jsonl")
    assert (tmp_path / "x.html").read_text(encoding="utf-8").startswith('{"kind": "comparison"')


def test_a_report_is_written_whole_or_not_at_all(tx, tmp_path):
    report = tmp_path / "report.html"
    report.write_text("before", encoding="utf-8")
    done = tx("compare", str(tmp_path / "gone.npz"), "-m", str(GPT2), "-o", str(report))
    assert (done.returncode, report.read_text(encoding="utf-8")) == (UNUSABLE, "before")
    empty = tx("compare", str(DUMPS / "npz" / "plain.npz"), "-m", str(FIXTURES / "marian_zh_en"), "-o", str(report))
    assert (empty.returncode, report.read_text(encoding="utf-8")) == (UNUSABLE, "before")
    nowhere = tx("compare", *case("mistral_window-no_scale-hidden"), "-o", str(tmp_path / "no" / "report.html"))
    assert (nowhere.returncode, len(nowhere.stderr.splitlines())) == (UNUSABLE, 1)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.html"]


HOSTILE = "<script>alert(1)</script>|`x`\x1b[31m\u202e"


@pytest.mark.parametrize("suffix", ["html", "md", "svg", "txt"])
def test_names_of_others_are_escaped(tx, tmp_path, suffix):
    shifted = numbers()["decoder.0.ffn.hidden"] + np.float32(1)
    save_file(
        {"input_ids": IDS["input_ids"], HOSTILE: shifted, "logits": numbers()["logits"]}, tmp_path / "x.safetensors"
    )
    report = tmp_path / f"report.{suffix}"
    tx("compare", str(tmp_path / "x.safetensors"), "-m", str(GPT2), "-o", str(report), "--width", "160")
    text = report.read_text(encoding="utf-8")
    assert "alert(1)" in text
    assert not {"\x1b", "\u202e"} & {*text}
    assert "<script>alert" not in text or suffix in ("md", "txt")


# the shell


def test_a_script_ends_with_status_3_where_something_differs(play, capsys):
    shown = play("compare port.safetensors", "info run")
    assert play.status == UNEXPECTED
    assert "info run" not in shown
    assert f"first: @1:{SCORES}" in capsys.readouterr().err
    play("compare reference.safetensors", "info run")
    assert play.status == FINE


def test_the_cell_is_gone_to_and_asked_about(play, session):
    shown = play("compare port.safetensors --go")
    assert play.status == FINE
    assert "no_scale at" in shown
    assert (session.here.record.address, session.run.teacher_forced) == (SCORES, True)
    assert "= 15.2918 / 2.8284" in play("why scores[1,1,1]")


def test_ours_and_theirs_are_runs(play, capsys):
    shown = play("compare port.safetensors --go")
    assert "ours is r0, theirs r1: diff r0 r1 compares all, p r1@… shows theirs" in shown
    assert "5.406" in play(f"p r0@1:{SCORES}[h1, 1]")
    assert "15.292" in play(f"p r1@1:{SCORES}[h1, 1]")
    assert "15.2918" in play("diff r0 r1")
    assert play.status == FINE
    play(f"why r1@1:{SCORES}[1,1,1]")
    assert play.status == FAILED
    refused = f"port.safetensors has numbers and no arithmetic; why r0@1:{SCORES} shows ours"
    assert refused in capsys.readouterr().err
    assert "= 15.2918 / 2.8284" in play(f"why r0@1:{SCORES}[1,1,1]")


@pytest.mark.parametrize(
    ("port", "first", "mistake", "where"),
    [
        ("port", f"@1:{SCORES}", "no_scale", f"@1:{SCORES}"),
        ("port-a", "@1:decoder.0.self_attn.mask", "causal_off_by_one", "@1:decoder.0.self_attn.mask"),
        ("port-b", "@0:encoder.0.self_attn.q", "swapped q/k", "@0:encoder.0.self_attn"),
        ("port-c", "@0:encoder.0.self_attn.concat", "head_order", "@0:encoder.0.self_attn.concat"),
        ("port-d", "@0:encoder.0.ffn.norm", "no_norm_bias", "@0:encoder.0.ffn.norm"),
    ],
)
def test_the_mistake_of_each_port_beside_the_model_is_found_and_made_again(play, session, port, first, mistake, where):
    shown = play(f"compare {port}.safetensors --go")
    assert play.status == FINE
    assert f"{mistake} at {first} explains it" in shown
    assert f"the same here: mistake {mistake} at {where}" in shown
    assert "\ngreedy.ids" in shown
    theirs = session.runs[1].step(1).find("logits").output.array
    ours = session.runs[0].step(1).find("logits").output.array
    play(f"mistake {mistake} at {where}")
    made = session.run.step(1).find("logits").output.array
    assert np.abs(made - theirs).max() < 1e-4 < 1e-2 < np.abs(ours - theirs).max()


def test_theirs_is_looked_at_and_not_computed_with(play, capsys):
    play("compare port.safetensors --go", "switch 1", "goto @1", "list", "p logits", "info run")
    assert play.status == FINE
    for line in ("compare port.safetensors", "ablate dec.0.cross.h0", "mistake no_scale", "verify", "top"):
        play(line)
        assert play.status == FAILED
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_run_that_reads_the_same_is_kept(play, session):
    play("compare port.safetensors --go", "step 2")
    before = session.run
    play("compare reference.safetensors", "compare port.safetensors --go")
    assert session.run is before
    play("run 你爱我", "compare port.safetensors --go")
    assert session.run is not before
    assert [int(i) for i in session.run.target_ids] == [int(i) for i in before.target_ids]


def test_a_run_with_an_edit_is_not_what_is_compared(play, session):
    play("compare port.safetensors --go", f"mistake no_scale at {SCORES}")
    edited = session.run
    play("compare port.safetensors --go")
    assert play.status == FINE
    assert session.run is not edited
    assert isinstance(session.run, Run)
    assert session.run.edits == ()


def test_what_the_run_reads_is_taken_where_the_dump_says_nothing(play, model, tmp_path):
    arrays = load_file(model.path / "port.safetensors")
    del arrays["source_ids"], arrays["target_ids"]
    save_file(arrays, tmp_path / "x.safetensors")
    play("run 我爱你", "set target i love you", f"compare {tmp_path / 'x.safetensors'} --go")
    assert play.status == FINE
    shown = play(f"compare {tmp_path / 'x.safetensors'}")
    assert play.status == UNEXPECTED
    assert f"first difference: @1:{SCORES}" in shown
    shown = play("set target off", "run 我爱", f"compare {tmp_path / 'x.safetensors'}")
    assert play.status == UNEXPECTED
    assert "the shapes differ" in shown


def test_where_all_agrees_there_is_nowhere_to_go(play, session):
    before = session.run
    shown = play("compare reference.safetensors --go")
    assert play.status == FINE
    assert "first difference" not in shown
    assert session.run is not before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("compare nowhere.npz", "nowhere.npz: is missing"),
        ("compare", "compare needs FILE; usage: compare FILE [--as FORMAT] [--map FILE]"),
        ("compare port.safetensors --as nz", "there is no format 'nz'"),
        ("compare port.safetensors --as torch", "port.safetensors"),
        ("compare port.safetensors --map nowhere.txt", "nowhere.txt: is missing"),
        ("compare config.json", "is no dump of a known format"),
        ("compare model.safetensors", "holds nothing to compare"),
    ],
)
def test_what_is_refused_is_one_sentence(play, capsys, line, told):
    play(line)
    assert play.status == FAILED
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 1


def test_as_objects(objects):
    whole, *checks = objects("compare port.safetensors --go")[:40]
    assert (whole["kind"], whole["first"], whole["cause"]) == ("comparison", SCORES, "no_scale")
    assert whole.keys() >= COMPARISON
    assert all(check["kind"] == "check" for check in checks)
    kinds = [one["kind"] for one in objects("compare port.safetensors --go")]
    assert kinds.count("comparison") == 1
    assert kinds[-2:] == ["result", "stop"] or "op" in kinds


def test_a_file_with_blanks_in_its_name(play, model, tmp_path):
    shutil.copy(model.path / "port.safetensors", tmp_path / "a port.safetensors")
    for line in (f'compare "{tmp_path}/a port.safetensors" --go', f"compare {tmp_path}/a port.safetensors --go"):
        assert "no_scale at" in play(line)
        assert play.status == FINE
