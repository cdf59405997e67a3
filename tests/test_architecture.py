"""The direction of the house: what stands left never imports what stands right."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tracer import render, views

ROOT = Path(__file__).parents[1]
LAYERS = (
    (
        *("errors", "digits", "products", "addresses", "listed", "slips", "pieces", "i18n"),
        *(
            "decisions",
            "domains",
            "keywords",
            "work",
            "fields",
            "outward",
            "whole",
            "apart",
            "dataclass",
            "namedtuple",
            "nearness",
        ),
    ),
    ("window", "heat"),
    ("document",),
    ("diagrams",),
    ("arithmetic", "tensor", "stack", "alignment", "divergence", "subsequence"),
    ("operation", "past", "tape", "kept", "parameters", "edits"),
    ("ops",),
    ("tokenizers", "chats", "checkpoints", "trace_file", "models", "decoding", "dumps"),
    ("mask_rules", "mistakes"),
    (
        "card",
        "trace",
        "model",
        "loading",
        "reading",
        "passes",
        "performer",
        "tapes",
        "hypotheses",
        "in_force",
        "model_edits",
        "survey",
        "affected",
        "step",
        "face",
        "backward",
        "run",
        "redrawn",
        "resized",
        "saved",
        "foreign",
        "stream",
        "training",
    ),
    ("debugger",),
    ("gradients",),
    (
        *(
            "derive",
            "capturing",
            "comparing",
            "margin",
            "scored",
            "operands",
            "modules",
            "charts",
            "differences",
            "unhidden",
        ),
        *(
            "verify",
            "beside",
            "record_difference",
            "diffs",
            "sweeps",
            "attribution",
            "descent",
            "central",
            "worksheets",
            "corpus",
        ),
    ),
    ("views",),
    ("export",),
    ("render",),
)
COMMANDS = (
    ("usage", "opener", "replay", "viewer", "keyboard", "topic", "interrupts", "streams", "folders", "faults", "guard"),
    ("results",),
    ("registry",),
    ("output",),
    ("grammar",),
    ("session",),
    ("completion", "execute", "settings"),
    ("batch", "verbs", "topics"),
    ("terminal",),
    ("learning",),
    ("launch", "subcommands"),
    ("options",),
    ("application",),
    ("main",),
    ("entry",),
    ("__main__",),
)
"""Later ones know earlier ones. Nobody knows a verb or a topic: they are found by the name of their package."""
RANK = {
    (top, name): rank
    for top, layers in (("tracer", LAYERS), ("commands", COMMANDS))
    for rank, names in enumerate(layers)
    for name in names
}
DOORS = {
    *(("commands/verbs/learn.py", "learning"), ("commands/verbs/learn.py", "terminal")),
    *(("tracer/face.py", "gradients"), ("tracer/face.py", "attribution"), ("tracer/face.py", "descent")),
}
"""What stands above and is loaded when somebody goes there: a verb opens the course, a run what is said about it."""
ONLY_IN = {
    "rich": ("tracer/render/",),
    "prompt_toolkit": ("commands/terminal/prompt.py", "commands/terminal/keys.py", "commands/viewer/screen.py"),
    "typer": ("commands/application.py", "commands/usage.py"),
    "torch": ("tracer/training/",),
    "jinja2": ("tracer/chats/worker.py",),
    "pyarrow": ("tracer/corpus/parquet.py",),
    "distributed": ("tracer/corpus/cluster.py", "commands/subcommands/survey.py"),
    "commands": ("commands/",),
}
HOUSES = {"views": views, "render": render}
NAMED = re.compile(r"(?<![\w.])(views|render)\.([a-z_]+)\.(\w+)")
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


def room(dotted):
    """The package and the part of it that a file or a name lies in."""
    return tuple(dotted.removesuffix(".py").replace("/", ".").split(".")[:2])


def imports_that_count(path):
    """All of a file of commands, at any time or for types alone; at once in tracer, where a tensor shows itself."""
    return imports_at_once(path) if path.startswith("tracer/") else every_import(path)


@pytest.mark.parametrize("path", [path for path in FILES if room(path) in RANK])
def test_no_layer_imports_a_later_one(path):
    (top, _part), here = room(path), RANK[room(path)]
    for there in filter(RANK.__contains__, map(room, imports_that_count(path))):
        allowed = there[0] != top or RANK[there] <= here or (path, there[1]) in DOORS
        assert allowed, f"{path} imports {'.'.join(there)}"


PERFORMING = (
    *("tracer/model.py", "tracer/run.py", "tracer/reading.py", "tracer/verify.py"),
    *("tracer/stream.py", "tracer/performer.py", "tracer/hypotheses.py", "tracer/in_force.py", "tracer/loading.py"),
    *("tracer/gradients.py", "tracer/descent.py", "tracer/redrawn.py", "tracer/resized.py", "tracer/central.py"),
    *("tracer/sweeps.py", "tracer/model_edits.py", "tracer/affected.py", "tracer/step.py", "tracer/survey.py"),
    *("tracer/gradients.py", "tracer/face.py", "tracer/attribution/"),
    "tracer/worksheets/tiny.py",
    *(
        "tracer/comparing/",
        "tracer/corpus/",
        "tracer/models/",
        "tracer/tokenizers/",
        "tracer/training/",
        "tracer/unhidden.py",
        "tracer/attribution/lens.py",
        "tracer/attribution/decoderlens.py",
        "tracer/attribution/word_occlusion.py",
    ),
    *("commands/opener.py", "commands/replay.py", "commands/launch.py", "commands/subcommands/"),
    "commands/results/branches.py",
    "commands/grammar/acted.py",
    "commands/results/surveyed.py",
    *("commands/verbs/check.py", "commands/verbs/compare.py", "commands/terminal/resume.py"),
    *("commands/learning/player.py", "commands/learning/validate.py"),
    *("commands/learning/asked.py", "commands/learning/sheet_lesson.py", "commands/learning/examination.py"),
)
"""What computes, or opens what does. Everybody else reads: from a trace, and of a model what its card says."""


@pytest.mark.parametrize("path", [path for path in FILES if not path.startswith((*PERFORMING, "tracer/__init__"))])
def test_who_reads_asks_a_trace_and_its_card_and_no_model(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    asked = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "model"]
    typed = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and takes_a_model(node)]
    assert asked == typed == []


def takes_a_model(node):
    """Whether an import is of the class of runs or of models."""
    module, names = (node.module or "").rpartition(".")[2], {alias.name for alias in node.names}
    return module in ("run", "model") and not names.isdisjoint({"Run", "Model"})


def test_every_part_has_one_layer_and_no_other():
    for layers in (LAYERS, COMMANDS):
        names = [name for layer in layers for name in layer]
        assert sorted(names) == sorted({*names})


def test_every_part_has_its_layer():
    assert {room(path) for path in FILES} - RANK.keys() == {("tracer", "__init__"), ("commands", "__init__")}


def test_views_are_drawn_by_others():
    files = [path for path in FILES if path.startswith("tracer/views/")]
    assert not {name for path in files for name in every_import(path) if name.startswith(("rich", "tracer.render"))}


def test_only_a_tensor_shows_itself():
    """The one circle: what lies below the views loads them, and what draws them, once somebody looks."""
    below = [path for path in FILES if room(path) in RANK and path.startswith("tracer/")]
    assert {
        path for path in below if any(RANK[room(path)] < RANK["tracer", "views"] <= rank for rank in ranks(path))
    } == {"tracer/tensor.py"}


def ranks(path):
    return [RANK[there] for there in map(room, every_import(path)) if there in RANK and there[0] == "tracer"]


def test_a_file_is_there_when_it_is_named():
    assert views.mask.__name__ == "tracer.views.mask"
    assert render.sheet.__name__ == "tracer.render.sheet"
    assert not hasattr(views, "nothing")
    assert not hasattr(render, "nothing")


def test_every_file_that_is_named_is_there():
    """What is loaded by its name is out of sight of a type checker: ``views.mask.mask_view``."""
    named = {(path, *found) for path in FILES for found in NAMED.findall((ROOT / path).read_text(encoding="utf-8"))}
    assert {found for found in named if not hasattr(getattr(HOUSES[found[1]], found[2], None), found[3])} == set()
    assert len(named) > 50


def test_opening_the_house_loads_no_library_that_a_run_may_do_without():
    needless = {"tokenizers", "sentencepiece", "jinja2", "subprocess", "rich", "prompt_toolkit", "torch"}
    script = f"import sys, tracer; print(sorted({needless} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


def test_batch_loads_no_library_of_the_terminal_or_of_the_command_line():
    script = (
        "import sys; sys.argv = ['tx-trace', '-m', 'zh-en-tiny', '--batch', '--format', 'jsonl', '-e', 'step']\n"
        "from commands.main import main\n"
        "try: main()\n"
        "except SystemExit: print(sorted({'prompt_toolkit', 'rich', 'torch', 'typer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
