"""A command that is suggested can be pasted, whatever the files are called that it names: nothing else is run by it."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

import tracer
from commands.grammar.parsing import parse_line
from tests.commands.conftest import Play, Run
from tracer.errors import InputError
from tracer.outward import as_word

FIXTURES = Path(__file__).parents[1] / "fixtures"
MODEL, DUMP = FIXTURES / "gpt2_untied", FIXTURES / "dumps_of_ports" / "gpt2_untied-activation" / "dump.npz"

TYPEABLE = (
    "a$(touch x)",
    "a b",
    "a'b",
    "a;touch x",
    "a`touch x`",
    "|touch x",
    "a | touch x",
    "> x",
    "--go",
    "a#b",
    "é",
)
UNTYPEABLE = ('a" | touch x "b', 'a"', "a\\", "a\nquit", "a\x1b")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m").symlink_to(MODEL)


@pytest.mark.parametrize("name", [*TYPEABLE, *UNTYPEABLE])
def test_of_a_checkpoint_that_is_refused_nothing_is_suggested_that_runs(name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    shutil.copytree(FIXTURES / "gpt2", place)
    (place / "model.safetensors").unlink()
    for file in ("legacy.pt", "refuse_me.pt"):
        shutil.copy(FIXTURES / "refused" / file, place / "pytorch_model.bin")
        with pytest.raises(InputError) as told:
            tracer.load(place)
        assert str(told.value).startswith(f"{place}/pytorch_model.bin: ")
        assert not {"python", "tx-trace", "-c", "|", "cd"} & set(str(told.value).removeprefix(str(place)).split())


@pytest.mark.parametrize("name", [*TYPEABLE, *UNTYPEABLE])
def test_an_adapter_is_named_as_a_shell_takes_it(name: str, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "adapters" / "ranked", tmp_path / name)
    with pytest.raises(InputError) as told:
        tracer.load(tmp_path / name)
    assert shlex.split(str(told.value).rpartition("--adapter ")[2]) == [str(tmp_path / name)]


@pytest.mark.parametrize("name", TYPEABLE)
def test_a_word_of_a_line_is_read_as_it_was(name: str) -> None:
    for line in ("check {} --go", "compare x --map {} --go", "source {}"):
        call = parse_line(line.format(as_word(name)))
        assert Path(name) in call.arguments.values()
        assert (call.file, call.program) == (None, ())


@pytest.mark.parametrize("name", UNTYPEABLE)
def test_what_no_line_can_hold_is_no_word(name: str) -> None:
    assert as_word(name) == ""


def compared(verb: str, dump: Path) -> tuple[str, ...]:
    return {"check": ("check", "m", "--", str(dump)), "compare": ("compare", "-m", "m", "--", str(dump))}[verb]


def suggested(shown: str) -> list[str]:
    """The lines of a report that go on with it."""
    return [line.strip() for line in shown.splitlines() if "--go" in line]


@pytest.mark.parametrize("verb", ["check", "compare"])
@pytest.mark.parametrize("name", TYPEABLE)
def test_a_comparison_goes_on_with_what_was_compared(verb: str, name: str, tx: Run) -> None:
    dump = Path(f"{name}.npz")
    shutil.copy(DUMP, dump)
    done = tx(*compared(verb, dump))
    [line] = suggested(done.stdout)
    program, *_between, inner = shlex.split(line)
    call = parse_line(inner)
    assert (program, call.command.name, call.arguments["file"]) == ("tx-trace", verb, dump)
    assert (call.file, call.program) == (None, ())


@pytest.mark.parametrize("name", UNTYPEABLE)
def test_a_comparison_with_what_no_line_can_hold_goes_on_with_nothing(name: str, tx: Run) -> None:
    dump = Path(f"{name}.npz")
    shutil.copy(DUMP, dump)
    for verb in ("check", "compare"):
        done = tx(*compared(verb, dump))
        assert done.returncode == 3
        assert suggested(done.stdout) == []


@pytest.mark.parametrize("name", [*TYPEABLE, *UNTYPEABLE])
def test_a_lesson_is_named_as_a_shell_takes_it(name: str, play: Play, capsys) -> None:
    play(f"learn {name}".partition("\n")[0])
    told = capsys.readouterr().err
    if "tx-trace learn" in told:
        words = shlex.split(told.partition("tx-trace learn ")[2])
        assert words[1:] == ["<", "FILE"]


@pytest.mark.parametrize("name", ["a | touch x", "a$(touch x)"])
def test_an_export_is_named_as_the_prompt_takes_it(name: str, play: Play, capsys) -> None:
    play(f'export "{name}.csv"')
    line = capsys.readouterr().err.rpartition(": ")[2].strip()
    call = parse_line(line)
    assert (call.command.name, call.arguments["first"], call.program) == ("export", f'"{name}.csv"', ())
