"""Everything in the README, and in those of the folders, is what the program does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from commands.guard import BROKEN_PIPE, FAILED, FINE, UNEXPECTED, UNUSABLE
from commands.interrupts import INTERRUPTED
from commands.learning.checks import WORDS
from commands.learning.course import slides
from commands.learning.lesson_reader import BLOCKS
from commands.learning.player import begin
from commands.learning.slides import SLIDES
from commands.learning.validate import validate

from .documented import BLOCK, PAGES, README, ROOT, alike, commands, run

COMMANDS, LESSONS = ROOT / "commands" / "README.md", ROOT / "commands" / "lessons" / "README.md"
COMPARING = ROOT / "tracer" / "comparing" / "README.md"
LONGEST = 276
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
EXAMPLES = [
    pytest.param(*pair, id=f"{page.parent.name}: {pair[0]}")
    for page, text in TEXTS.items()
    for block in BLOCK.findall(text)
    for pair in commands(block)
]


@pytest.mark.parametrize(("command", "expected"), EXAMPLES)
def test_a_transcript_is_true(command: str, expected: str) -> None:
    found = run(command)
    assert alike(expected, found), found


def test_there_are_transcripts() -> None:
    assert len(EXAMPLES) >= 15
    assert [
        page for page in (README, ROOT / "commands" / "README.md", COMPARING) if not BLOCK.findall(TEXTS[page])
    ] == []


def test_the_readme_is_read_in_one_go() -> None:
    assert len(TEXTS[README].splitlines()) <= LONGEST


def test_the_lecture_is_there_slide_by_slide() -> None:
    taught = {name: ", ".join(str(int(lesson[:2])) for lesson in lessons) for name, lessons in slides().items()}
    rows = [f"| {slide.title} | {taught[slide.name]} | `{slide.command}` |" for slide in SLIDES]
    assert "\n".join(rows) in TEXTS[README]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_link_to_a_page_leads_somewhere(page: Path) -> None:
    """A page that is there, and a heading that is in it."""
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", TEXTS[page]):
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), path
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in [heading.lower().replace(" ", "-") for heading in headings], anchor


def test_every_exit_status_is_told() -> None:
    told = re.findall(r"(\d+): ", TEXTS[README].partition("## Exit statuses")[2].partition("##")[0])
    assert list(map(int, told)) == [FINE, FAILED, UNUSABLE, UNEXPECTED, INTERRUPTED, BROKEN_PIPE]


def test_the_first_session_runs_as_it_is_printed() -> None:
    lines = re.findall(r"^\(tx\) (.*?)(?:  +.*)?$", TEXTS[README], re.MULTILINE)
    debugger = lines[lines.index("run 他昨天去了北京。") : lines.index("help") + 1]
    done = subprocess.run(
        [sys.executable, "-m", "commands", "--batch"],
        input="\n".join(debugger),
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


SCRIPT = re.compile(r"(?<=```python\n)import tracer\n.*?(?=```)", re.DOTALL)


@pytest.mark.parametrize("code", [code for text in TEXTS.values() for code in SCRIPT.findall(text)])
def test_python_runs_as_it_is_printed(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_dump_of_transformers_is_made_as_it_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    [code] = re.findall(r"```python\n(from transformers.*?)```", TEXTS[COMPARING], re.DOTALL)
    for file in (ROOT / "tests" / "fixtures" / "gpt2").iterdir():
        if not file.name.startswith("reference"):
            os.link(file, tmp_path / file.name)
    ids = torch.tensor([[5, 9, 2, 7], [8, 3, 0, 0]])
    monkeypatch.chdir(tmp_path)
    exec(code, {"DIR": str(tmp_path), "ids": ids, "mask": torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])})
    shown = run(f"tx-trace compare {tmp_path}/dump.safetensors -m {tmp_path}")
    assert shown.splitlines()[-1] == "23 addresses compared: 23 ok, 0 beyond the noise", shown


def test_the_lesson_that_it_shows_can_be_played(tmp_path: Path) -> None:
    [text] = re.findall(r"^````markdown\n(.*?)^````$", TEXTS[LESSONS], re.MULTILINE | re.DOTALL)
    path = tmp_path / "lesson.md"
    path.write_text(text, encoding="utf-8")
    assert list(validate(path, begin)) == []


def test_every_block_and_check_of_a_lesson_is_told() -> None:
    assert [word for word in (*BLOCKS, *WORDS) if f"`{word}" not in TEXTS[LESSONS]] == []
