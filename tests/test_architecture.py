"""The direction of the house: what stands left never imports what stands right."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tracer import render

ROOT = Path(__file__).parents[1]
LAYERS = (
    ("errors", "addresses", "i18n", "decisions"),
    ("arithmetic", "tensor"),
    ("operation", "past", "tape"),
    ("ops",),
    ("tokenizers", "checkpoints", "models", "decoding"),
    ("model", "run", "training"),
    ("debugger",),
    ("derive", "compare", "contest", "factors", "modules", "differences", "verify", "document", "heat", "export"),
    ("render",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
ONLY_IN = {
    "rich": ("tracer/render/",),
    "prompt_toolkit": ("commands/terminal/prompt.py", "commands/terminal/keys.py", "commands/viewer/screen.py"),
    "typer": ("commands/main.py", "commands/usage.py"),
    "torch": ("tracer/training/",),
    "commands": ("commands/",),
}
FILES = sorted(
    path.relative_to(ROOT).as_posix() for name in ("tracer", "commands") for path in (ROOT / name).rglob("*.py")
)


def imported(node, path):
    """The dotted names that an import statement of a file names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    package = path.split("/")[: -node.level] if node.level else []
    base = [*package, *(node.module.split(".") if node.module else [])]
    return [".".join(base)] if len(base) > 1 or not package else [".".join([*base, alias.name]) for alias in node.names]


def every_import(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node, path)
    ]


def imports_at_once(path):
    """Those at the top of a file: neither within a function nor for type checkers alone."""
    body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    return [name for node in body if isinstance(node, ast.Import | ast.ImportFrom) for name in imported(node, path)]


@pytest.mark.parametrize("path", FILES)
def test_libraries_stay_where_they_belong(path):
    for name in every_import(path):
        places = ONLY_IN.get(name.partition(".")[0])
        assert places is None or path.startswith(places), f"{path} imports {name}"


@pytest.mark.parametrize("path", [path for path in FILES if path.startswith("tracer/") and path.count("/") > 0])
def test_no_layer_imports_a_later_one(path):
    here = RANK.get(path.split("/")[1].removesuffix(".py"))
    for name in imports_at_once(path) if here is not None else []:
        parts = name.split(".")
        if parts[0] == "tracer" and len(parts) > 1:
            assert RANK.get(parts[1], 0) <= here, f"{path} imports {name}"


def test_every_part_of_the_engine_has_its_layer():
    parts = {path.split("/")[1].removesuffix(".py") for path in FILES if path.startswith("tracer/")}
    assert parts - RANK.keys() == {"__init__"}


def test_a_file_of_render_is_there_when_it_is_named():
    assert render.mask.__name__ == "tracer.render.mask"
    assert not hasattr(render, "nothing")


def test_batch_loads_no_terminal_library():
    script = (
        "import sys; sys.argv = ['tx-trace', '-m', 'zh-en-tiny', '--batch', '--format', 'jsonl', '-e', 'step']\n"
        "from commands.main import main\n"
        "try: main()\n"
        "except SystemExit: print(sorted({'prompt_toolkit', 'rich', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
