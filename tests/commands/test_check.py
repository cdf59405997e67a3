"""``tx-trace check`` and `check` in the shell: the table, the counts, the statuses."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from commands.guard import FAILED, FINE, UNEXPECTED
from commands.terminal.resume import resume, save

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = sorted(path.parent.name for path in FIXTURES.glob("*/reference.safetensors"))
HEAD = ["address", "largest", "difference", "allowed", "compared"]
SPARE = ("relative", "cosine")
"""What is left out where there is no room; names there stand at the end, as much of them as there is room for."""


@pytest.mark.parametrize("name", NAMES)
def test_every_fixture_is_within_the_noise(tx, name):
    done = tx("check", str(FIXTURES / name))
    head, *rows, last = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in head[: head.index("compared") + 8].split() if word not in SPARE] == HEAD
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    checks = [row for row in rows if "  ok" in row]
    assert last == f"{len(checks)} addresses compared: {len(checks)} ok, 0 beyond the noise"
    assert {row.index("  ok") for row in checks} == {head.index("compared") + len("compared")}


def test_beyond_the_noise_the_status_is_3(tx, tmp_path):
    shutil.copytree(FIXTURES / "gpt2", tmp_path, dirs_exist_ok=True)
    arrays = load_file(tmp_path / "reference.safetensors")
    arrays["attn.1"] = arrays["attn.1"] + np.float32(1e-3)
    save_file(arrays, tmp_path / "reference.safetensors")
    done = tx("check", str(tmp_path))
    assert done.returncode == 3
    (beyond,) = [line.split() for line in done.stdout.splitlines() if "BEYOND" in line]
    allowed, compared, word = beyond[beyond.index("BEYOND") - 2 :][:3]
    assert beyond[:2] == ["@1:decoder.1.self_attn.weights", "1.0e-03"]
    assert (float(allowed) < 5e-5, compared, word) == (True, "400", "BEYOND")
    assert "first difference: @1:decoder.1.self_attn.weights" in done.stdout.splitlines()
    assert done.stdout.endswith("23 addresses compared: 22 ok, 1 beyond the noise\n")


@pytest.mark.parametrize(
    ("directory", "message"),
    [
        ("zh-en", "reference.safetensors: is missing"),
        ("nowhere", "there is no model 'nowhere'"),
        (str(FIXTURES), "reference.safetensors: is missing"),
    ],
)
def test_nothing_to_compare_is_status_2(tx, directory, message):
    done = tx("check", directory)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


CASES = FIXTURES / "cases"


def test_another_file_beside_the_checkpoint(tx):
    directory = CASES / "reference-shapes"
    done = tx("check", str(directory), "half.safetensors")
    assert (done.returncode, done.stderr) == (FINE, "")
    row = done.stdout.splitlines()[2].split()
    assert row[:4] + row[5:] == ["@1:logits", "9.6e-04", "4.2e-04", "1.000000", "(F16)", "366", "ok"]
    assert 9.6e-4 < float(row[4]) < 1.3e-3
    assert tx("check", str(directory), str(directory / "nan_there.safetensors")).returncode == UNEXPECTED


def test_a_shape_that_does_not_fit_is_said(tx):
    done = tx("check", str(CASES / "reference-shapes"), "vocab_first.safetensors")
    assert done.returncode == UNEXPECTED
    told = "logits: the shapes differ: [1, 61, 6] there, [position 6, vocab 61] here, in another order"
    assert told in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("only_ids.safetensors", "holds nothing to compare: nothing is in it but what went in"),
        ("misspelt.safetensors", "with lines such as logit = logits"),
        ("no_ids.safetensors", "holds no input_ids to compute from"),
        ("config.json", "is no dump of a known format"),
        ("nowhere.safetensors", "is missing"),
    ],
)
def test_a_file_with_nothing_in_it_is_status_2(tx, file, told):
    done = tx("check", str(CASES / "reference-shapes"), file)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_was_taken_to_be_so_is_said(tx):
    done = tx("check", str(CASES / "padded-batches" / "gpt2"), "left.safetensors")
    assert done.returncode == FINE
    assert "note: batch.input_ids[1]: no position_ids are stated; it agrees with" in done.stdout


def test_rows_and_reasons_are_told_in_json(tx):
    directory = str(CASES / "reference-shapes")
    options = ("-m", directory, "--ids", "-t", "5", "--batch", "--format", "jsonl", "--keep-going")
    done = tx(*options, "-e", "check two_rows.safetensors", "-e", "check vocab_first.safetensors")
    rows, turned = (json.loads(line)["data"]["checks"] for line in done.stdout.splitlines()[:2])
    assert [check["row"] for check in rows] == [0, 1]
    assert turned[0]["why"].startswith("the shapes differ")
    assert (turned[0]["largest"], turned[0]["at"]) == ("inf", None)


def test_the_tiny_model_computes_what_torch_does(play, tx):
    shown = play("check")
    assert play.status == FINE
    assert shown.splitlines()[-1].endswith("addresses compared: 45 ok, 0 beyond the noise")
    assert tx("check", "zh-en-tiny").returncode == FINE


def test_a_mistake_is_found_where_it_is_made(play, capsys):
    shown = play("check port.safetensors")
    assert play.status == UNEXPECTED
    first, *_others = [line.split()[0] for line in shown.splitlines() if "  BEYOND" in line]
    assert first == "@1:decoder.0.cross_attn.scores"
    assert "12 addresses differ, first: @1:decoder.0.cross_attn.scores" in capsys.readouterr().err


def test_a_small_difference_is_told_with_enough_digits(tx):
    done = tx("check", "zh-en-tiny", str(CASES / "epsilon" / "zh-en-tiny.safetensors"))
    lines = done.stdout.splitlines()
    told = lines.index("first difference: @0:encoder.0.self_attn.norm")
    assert lines[told + 1] == "  @0:encoder.0.self_attn.norm[0,2] is -2.2140329 here and -2.2140436 there"


def test_of_a_cause_it_is_told_what_is_otherwise(objects, play):
    found = next(one for one in objects("compare port.safetensors") if one["kind"] == "comparison")
    (cause,) = found["causes"]
    assert (cause["mistake"], cause["address"]) == ("no_scale", "@1:decoder.0.cross_attn.scores")
    assert cause["otherwise"] == "here q kᵀ / √d_k; there q kᵀ"
    assert cause["before"] > 1 > 1e-5 > cause["after"]
    assert "  here q kᵀ / √d_k; there q kᵀ" in play("compare port.safetensors").splitlines()


def test_the_cell_that_is_farthest_is_told(objects):
    told = objects("check port.safetensors")[0]["data"]
    checks = {check["address"]: check for check in told["checks"]}
    cell = checks["@1:decoder.0.cross_attn.scores"]["at"]
    assert told["reference"] == "port.safetensors"
    assert cell["there"] == pytest.approx(cell["here"] * 8**0.5, rel=1e-5)
    assert checks["greedy.ids"] == {
        "name": "greedy.ids", "address": "greedy.ids", "largest": 0, "relative": 0, "allowed": 0, "holds": True,
        "state": "agrees", "added": None, "cosine": None, "evidence": "values", "compared": 4, "cells": 4, "at": None,
        "spread": 0,
    }  # fmt: skip


def test_a_file_as_given_goes_before_the_one_beside_the_model(play, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(model.path / "reference.safetensors", "port.safetensors")
    play("check port.safetensors")
    assert play.status == FINE
    play(f"check {model.path / 'port.safetensors'}")
    assert play.status == UNEXPECTED


def test_a_file_that_is_nowhere(play, capsys):
    play("check nowhere.safetensors")
    assert play.status == FAILED
    assert "nowhere.safetensors: is missing" in capsys.readouterr().err


def test_the_cell_that_differs_first_is_gone_to_and_asked_about(play, session):
    shown = play("check port.safetensors --go")
    assert play.status == FINE
    assert shown.splitlines()[-1] == "@1:decoder.0.cross_attn.scores[1,1,1] is 5.40645 here and 15.2918 there"
    assert (session.here.record.address, session.run.teacher_forced) == ("decoder.0.cross_attn.scores", True)
    assert "= 15.2918 / 2.8284" in play("why scores[1,1,1]")
    assert "= 5.4065" in play("goto @0", "why @1:decoder.0.cross_attn.scores[1,1,1]")
    play("run", "goto @1:dec.0.cross.scores")
    assert session.run.target == ["<s>", "▁i", "▁love", "▁you", "</s>"]


def test_the_command_that_goes_there_is_said(play, tx, objects):
    assert "\n  check port.safetensors --go\n" in play("check port.safetensors")
    assert "--go" not in play("check")
    told = [objects(line)[0]["data"]["follow"] for line in ("check", "check port.safetensors")]
    assert told == [None, "check port.safetensors --go"]
    done = tx("check", "zh-en-tiny", "port.safetensors")
    assert "tx-trace -m zh-en-tiny -e 'check port.safetensors --go'" in done.stdout


def test_texts_are_read_as_before_after_a_run_of_ids(play, session):
    play("check port.safetensors --go", "run 你爱我", "token")
    assert play.status == FINE
    assert (session.run.source[0], session.opener.ids) == ("你", False)


def test_where_nothing_differs_the_run_begins_before_its_first_record(play, session):
    assert "the run has not started" in play("check --go")
    assert play.status == FINE
    assert (session.run.target, session.cursor) == (["<s>", "▁i", "▁love", "▁you", "</s>"], session.start)
    play("set target off", "token 3")
    assert [token.piece for token in session.run.tokens] == ["▁i", "▁love", "▁you"]


def test_a_run_that_was_gone_to_is_resumed(play, session, tmp_path):
    play("check port.safetensors --go")
    save(session, tmp_path / "session.json")
    again = resume(tmp_path / "session.json", print)
    assert (again.run.source_ids, again.run.target_ids) == (session.run.source_ids, session.run.target_ids)
    assert again.here.record.address == "decoder.0.cross_attn.scores"
    assert not again.opener.types_ids


def test_a_strategy_stands_in_the_way_of_a_run_of_a_given_output(play, capsys):
    play("set strategy beam", "check port.safetensors --go")
    assert play.status == FAILED
    assert "strategy beam chooses tokens, and here the output is given" in capsys.readouterr().err


@pytest.fixture
def altered(tmp_path):
    """A checkpoint with results in which something was changed."""

    def alter(directory, file, name, cell, by):
        shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
        arrays = load_file(tmp_path / file)
        arrays[name] = arrays[name].copy()
        arrays[name][cell] += by
        save_file(arrays, tmp_path / file)
        return "-m", str(tmp_path), "--ids", "-t", "5", "--batch"

    return alter


def test_a_row_of_a_batch_is_gone_to_with_its_mask(altered, tx):
    given = altered(CASES / "padded-batches" / "gpt2", "right.safetensors", "batch.logits", (1, 2, 7), 1)
    done = tx(*given, "-e", "check right.safetensors --go", "-e", "info run")
    assert done.returncode == FINE
    assert "\n@1:logits[2,7] is" in done.stdout
    mask = load_file(CASES / "padded-batches" / "gpt2" / "right.safetensors")["batch.attention_mask"][1]
    assert done.stdout.splitlines()[-1] == f"mask      {' '.join(map(str, mask))}"


def test_ids_that_differ_are_gone_to_in_a_decoding(altered, tx):
    given = altered(FIXTURES / "qwen3", "reference.safetensors", "beam4.ids", (0, -1), 1)
    done = tx(*given, "-e", "check --go", "-e", "token 2", "-e", "info beams")
    assert done.returncode == FINE
    assert "the run has not started" in done.stdout
    assert "@2.0" in done.stdout


def test_where_shapes_differ_the_record_is_gone_to(tx):
    directory = str(CASES / "reference-shapes")
    done = tx("-m", directory, "--ids", "-t", "5", "--batch", "-e", "check vocab_first.safetensors --go", "-e", "where")
    assert "the shapes differ: [1, 61, 6] there, [position 6, vocab 61] here, in another order" in done.stdout
    assert "logits" in done.stdout.splitlines()[-1]


def test_what_was_given_stays_as_it_was_given_in_other_arithmetic(play, session):
    play("check port.safetensors --go", "set dtype float32", "goto @1")
    assert list(session.run.target_ids) == [1, 18, 44, 12, 2]
    play("set target i like cats", "set dtype float64")
    assert (session.opener.target, session.opener.given["target_ids"]) == ("i like cats", None)
