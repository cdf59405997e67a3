"""Scripts, exports, logs, pipes and files."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from transcript import error_of, lines


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def written(name, *commands):
    Path(name).write_text("\n".join(commands), encoding="utf-8")


def test_a_script_is_run_line_by_line(play, session):
    written("a.txt", "# steps", "s 2", "", "p 1 + 1")
    assert play("source a.txt") == play("run", "source a.txt").split("\n", 4)[-1]
    assert session.cursor.index == 2
    assert lines(play("source a.txt"))[-1] == "1 + 1 = 2"


def test_a_failure_names_every_script_on_the_way(play):
    written("a.txt", "s", "", "source b.txt")
    written("b.txt", "p 1", "bogus")
    assert error_of(play, "source a.txt") == "a.txt:3: b.txt:2: bogus is no command; to see its value: p bogus"
    written("b.txt", "expect 1 > 2")
    play("source a.txt")
    assert play.status == 3


@pytest.mark.parametrize(("a", "b"), [("source a.txt", ""), ("source b.txt", "source ./a.txt")])
def test_a_script_that_sources_itself(play, a, b):
    written("a.txt", a)
    written("b.txt", b)
    assert "is being run already; a script can't source itself" in error_of(play, "source a.txt")
    written("a.txt", "s")
    play("source a.txt")
    assert play.status == 0


def test_a_script_that_can_not_be_read(play):
    assert error_of(play, "source nowhere.txt").startswith("nowhere.txt: can't be read")
    Path("bytes.txt").write_bytes(b"\xff")
    assert "is not UTF-8" in error_of(play, "source bytes.txt")


def test_a_script_may_quit(play):
    written("a.txt", "s", "quit", "bogus")
    play("source a.txt", "bogus")
    assert play.status == 0


def test_a_script_sets_breakpoints_with_their_commands(play):
    written("a.txt", "break dec.0.cross.weights", "commands 1", "p 1 + 1", "end")
    assert "1 + 1 = 2" in play("source a.txt", "c")


def test_what_was_shown_is_exported_as_the_suffix_says(play):
    play(
        "t",
        "p dec.0.cross.weights[h0]",
        "export w.csv",
        "export w.json",
        "export w.jsonl",
        "export w.txt",
        "export w.npy",
    )
    rows = Path("w.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "query,我,爱,你,</s>"
    assert [row.split(",")[0] for row in rows[1:]] == ["<s>"]
    kept = json.loads(Path("w.json").read_text(encoding="utf-8"))
    assert kept == json.loads(Path("w.jsonl").read_text(encoding="utf-8"))
    assert [float(x) for x in rows[1].split(",")[1:]] == kept["values"][0]
    assert np.load("w.npy").tolist() == kept["values"]
    assert Path("w.txt").read_text(encoding="utf-8") == play("p dec.0.cross.weights[h0]").split("\n", 1)[1]


def test_an_expression_is_exported(play):
    play("t", "export a.csv dec.0.cross.weights[h0, 0]", "export b.json 1 + 1", "export c.npy dec.0.self.masked")
    assert Path("a.csv").read_text(encoding="utf-8").splitlines()[0] == ",我,爱,你,</s>"
    assert json.loads(Path("b.json").read_text(encoding="utf-8"))["data"]["value"] == 2
    assert np.load("c.npy").shape == (2, 1, 1)


def test_infinities_are_exported(play):
    play("t 2", "export a.npy dec.0.self.masked", "export a.csv dec.0.self.masked[h0]")
    assert np.isneginf(np.load("a.npy")).sum() == 2
    assert Path("a.csv").read_text(encoding="utf-8").count("-inf") == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("export w.xyz", "this format is not known; the name may end in .txt"),
        ("export w", "this format is not known"),
        ("export w.csv dec.0.cross.weights", "holds one matrix, and this has 3 axes"),
        ("export w.csv", "holds one tensor, and what was shown has 0"),
        ("export w.npy dec.*.cross.*", "holds one tensor, and what was shown has 0"),
        ("export nowhere/w.json 1", "can't be written"),
        ("export /nowhere/w.json 1", "can't be written"),
        ("log nowhere/log.txt", "can't be written"),
    ],
)
def test_what_can_not_be_written_leaves_nothing_behind(play, line, message):
    assert message in error_of(play, "t", line)
    assert list(Path().iterdir()) == []


def test_nothing_was_shown_yet(play):
    assert "nothing was shown yet" in error_of(play, "export w.json")


def test_a_log_has_lines_results_and_complaints(play):
    play("s", "log a.txt", "s", "bogus", "p 1 + 1", "log off", "s", keep_going=True)
    kept = Path("a.txt").read_text(encoding="utf-8").splitlines()
    assert kept[1] == "(tx) s"
    assert kept[2].startswith("@0 #2")
    assert kept[3:5] == ["(tx) bogus", "bogus is no command; to see its value: p bogus"]
    assert kept[5:] == ["(tx) p 1 + 1", "1 + 1 = 2", "(tx) log off"]
    play("log a.txt", "s", "log off")
    assert Path("a.txt").read_text(encoding="utf-8").splitlines()[: len(kept)] == kept


READS = f"{sys.executable} -c 'import sys; print(len(sys.stdin.read()))'"


@pytest.mark.parametrize("line", ["p enc.embed.tokens", "help", "where", "s", "tokens", "info model", "top"])
def test_a_program_reads_what_a_command_says(play, line):
    play("t", f'{line} > "said.txt"')
    expected = len(Path("said.txt").read_text(encoding="utf-8"))
    assert expected
    assert lines(play("run", "t", f"{line} | {READS}"))[-1] == str(expected)


def test_a_program_and_a_file(play):
    play("t", 'p 1 + 1 | tr 2 3 > "out.txt"')
    assert Path("out.txt").read_text(encoding="utf-8") == "1 + 1 = 3\n"


def test_a_program_that_stops_reading_is_no_failure(play):
    play("t", "p/a logits | true", "p/a logits | head -1")
    assert play.status == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("p 1 | no-such-program", "no-such-program can't be run"),
        ("p probs > w.txt", '; here > compares, and a file goes in quotes: > "w.txt"'),
        ("p probs > ~/w.txt", 'a file goes in quotes: > "~/w.txt"'),
        ("p 1 |", "one program follows |"),
        ("p 1 | cat | cat", "one program follows |, and no shell runs it"),
        ("p 1 | cat > x", "one program follows |, and no shell runs it"),
        ("p 1 | 'x", "does not read as a program"),
    ],
)
def test_programs_that_can_not_be_run(play, line, message):
    assert message in error_of(play, line)


def test_a_bar_within_quotes_is_a_token(play):
    assert 'has no "|"' in error_of(play, "t", 'p probs[0, "|"]')


def test_a_failed_expectation_shows_both_sides(play):
    message = error_of(play, "t", "expect sum(probs[0]) > 1 + step")
    assert message.startswith("sum(probs[0]) > 1 + step does not hold: sum(probs[0]) = ")
    assert message.endswith("1 + step = 2")
    assert error_of(play, "expect any(logits > 1000)") == "any(logits > 1000) does not hold"
