"""Damaged files of every kind that is read, and what must hold for each.

`PYTHONPATH=. python -m tests.fuzz.files --mutations 100000 --seed 1` opens so many; the same seed gives the same ones,
`--from N` goes on at the N-th, and `--from N --mutations 1 --keep DIR` leaves that one there to be looked at.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import tracer
from commands.batch import Batch
from commands.grammar.lines import given
from commands.guard import guarded
from commands.launch import Origin, Output, Script, launch
from commands.learning.progress import Progress
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.session import Session
from commands.streams import complain
from commands.subcommands.compare import Asked, compare
from commands.subcommands.grading import grade
from commands.subcommands.learn import check_lesson
from commands.subcommands.models import show_model
from commands.terminal.config import configure
from commands.terminal.history import TypedLines
from commands.terminal.resume import resume, save
from commands.terminal.state import write_state
from tests.signs import obeyed
from tracer.errors import InputError
from tracer.i18n import _
from tracer.loading import BUILTIN
from tracer.model import Model
from tracer.trace_file import is_trace

from .apart import Ended, Tell, heard
from .cage import confine, scratch
from .limits import Late, limited, place, told_to, trail
from .mutations import mutated

FIXTURES = Path(__file__).parents[1] / "fixtures"
LESSONS = Path(tracer.__file__).parents[1] / "commands" / "lessons" / "en"
AT_ONCE = 25
"""mutations in one process"""
SECONDS = 5
"""of computing"""
MEMORY = 1 << 30
"""bytes beyond those that a process has to begin with"""
SILENT = 300
"""seconds by the clock on the wall"""
STATUSES = (0, 1, 2, 3)
"""What the program may end with."""

IDS, TEXT = "5 6 7", "I 爱 you"
LOOK = ("token", "info model", "tokens", "top 3", "why logits[-1, 5]")
"""Commands that read something of everything that a model has."""
PLAIN = Output("text", None, Look())

OFTEN = {"model": 45, "file": 12, "adapter": 5, "dump": 16, "port": 2, "lesson": 2, "own": 18}
"""How often each kind is damaged, of a hundred times."""

ANSWERS = "worksheet 3 --seed 2 --blanks easy\n1 0.5\n2 1\n3 -2\n4 0\n5 love\n"
CONFIG = "decimals = 4\nalias.h0 = print dec.0.cross.weights[h0]\ncolor = never\nwidth = 80\nlang = zh\n"
SCRIPT = "step 3\nbreak dec.0.cross.weights if max(weights) > .5\ncommands\nwhere\nend\ntoken\np 1 + 1\n"
NAMES = "h.0.attn.weights = decoder.0.self_attn.weights\n# nothing\nlogits = logits\n"
HISTORY = "step\ntoken\np 1 + 1\n"


class Sort(NamedTuple):
    """A sort of file: what it is, where it lies, which of its files may be changed, and how it is opened."""

    name: str
    place: Path
    changed: Sequence[str]
    opens: Callable[[Path], object]


def sorts() -> list[Sort]:
    """Everything that is read, with an example of each."""
    found = [*_checkpoints(), *_files(), *_adapters(), *_dumps(), *_lessons(), *_own()]
    assert len({sort.name for sort in found}) == len(found)
    return found


def _checkpoints() -> Iterator[Sort]:
    """Directories; those of one family with tokenizers too."""
    for file in sorted([*FIXTURES.rglob("config.json"), BUILTIN / "zh-en-tiny" / "config.json"]):
        folder = file.parent
        names = [one.name for one in folder.iterdir() if one.is_file() and not one.name.startswith(("ref", "exp"))]
        yield Sort(f"model {_called(folder)}", folder, sorted(names), _opened)
    yield Sort("model package", FIXTURES / "ctranslate2" / "package", ["metadata.json", "sentencepiece.model"], _opened)


def _files() -> Iterator[Sort]:
    """Checkpoints that are one file."""
    for pattern in ("gguf/*.gguf", "torch_files/*.pt", "refused/*.pt"):
        for file in sorted(FIXTURES.glob(pattern)):
            yield Sort(f"file {file.name}", file, [file.name], _opened)


def _adapters() -> Iterator[Sort]:
    bases = {"ranked": "llama_gqa", "tied": "gpt2", "turned": "llama_gqa"}
    for name, base in bases.items():
        opens = partial(_adapted, FIXTURES / base)
        files = [file.name for file in (FIXTURES / "adapters" / name).glob("adapter*")]
        yield Sort(f"adapter {name}", FIXTURES / "adapters" / name, sorted(files), opens)


def _dumps() -> Iterator[Sort]:
    for sample in sorted((FIXTURES / "dumps").glob("*/*")):
        files = [str(file.relative_to(sample)) for file in sample.rglob("*") if file.is_file()] or [sample.name]
        base = FIXTURES / "marian_zh_en" if "marian" in sample.name else BUILTIN / "zh-en-tiny"
        yield Sort(f"dump {sample.parent.name}/{sample.name}", sample, sorted(files), partial(_compared, base))
    for dump in sorted((FIXTURES / "dumps_of_ports").glob("*/dump.*")):
        stated = json.loads((dump.parent / "expected.json").read_text(encoding="utf-8"))
        yield Sort(f"port {dump.parent.name}", dump, [dump.name], partial(_compared, FIXTURES / stated["checkpoint"]))


def _lessons() -> Iterator[Sort]:
    for file in sorted(LESSONS.glob("*.md"))[:4]:
        yield Sort(f"lesson {file.name}", file, [file.name], lambda path: guarded(lambda: check_lesson(str(path))))


def _own() -> Iterator[Sort]:
    """What the program writes, or a person for it."""
    folder = scratch()
    model = tracer.load("zh-en-tiny")
    session = Session(Opener(model, "我爱你"))
    with presenter_of("jsonl")(io.StringIO(), Look(100)) as presenter:
        lines = ["token", "break dec.0.cross.weights", "ablate dec.0.cross.h0", "backward logits[-1, 5]"]
        Batch(session, presenter).play(given(lines))
    save(session, folder / "session.json")
    review = ["tour", "one", 0, 0]
    marks = {"where": "", "done": ["one"], "skipped": [], "predictions": {"one": False}, "hints": 1, "finished": True}
    write_state(folder / "lessons.json", 1, {"last": "tour", "lessons": {"tour": marks}, "reviews": [review]})
    tracer.trace(model, "我爱你").save(folder / "run.trace.safetensors")
    texts = {"config": CONFIG, "history": HISTORY, "script.tx": SCRIPT, "names.map": NAMES, "grade.answers": ANSWERS}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    opened: dict[str, Callable[[Path], object]] = {
        "session.json": lambda path: resume(path, complain),
        "lessons.json": _progress,
        "run.trace.safetensors": _session_on,
        "config": lambda path: [complain(problem) for problem in configure(_session(), path)],
        "history": lambda path: TypedLines(path, complain).read(),
        "script.tx": lambda path: _played(Origin("zh-en-tiny"), Script((), str(path), True)),
        "names.map": _mapped,
        "grade.answers": lambda path: guarded(lambda: grade(str(path), PLAIN)),
    }
    for name, opens in opened.items():
        yield Sort(f"own {name}", folder / name, [name], opens)


def _called(folder: Path) -> str:
    return str(folder.relative_to(FIXTURES)) if folder.is_relative_to(FIXTURES) else folder.name


@cache
def _small() -> Model:
    return tracer.load("zh-en-tiny")


def _session() -> Session:
    return Session(Opener(_small(), "我爱你"))


def _progress(path: Path) -> None:
    progress = Progress.read(path, complain)
    progress.begin_session()
    progress.keep("tour", progress.of("tour"))


def _session_on(path: Path, *, base: Path | None = None) -> int:
    """The status of a short session on a model, or with an adapter merged into one: on ids that are given."""
    given, model = {"max_tokens": 3}, base or path
    origin = Origin(str(model), IDS, ids=True, chosen=given, adapter=None if base is None else str(path))
    return _played(origin if not is_trace(path) else Origin(str(path)), Script(LOOK, None, True))


def _played(origin: Origin, script: Script) -> int:
    return guarded(lambda: launch(origin, script, PLAIN, interactive=False))


def _opened(path: Path) -> int:
    """The worst status of a look at a model, and of sessions on it: on a text too, where it may read any."""
    statuses = [_shown(path), _session_on(path)]
    if any(any(path.glob(pattern)) for pattern in ("*token*", "*.spm")):
        statuses.append(_played(Origin(str(path), TEXT, chosen={"max_tokens": 2}), Script(("token",), None, True)))
    return max(statuses, key=lambda status: status not in STATUSES)


def _shown(path: Path, adapter: Path | None = None) -> int:
    return guarded(lambda: show_model(str(path), PLAIN.look, None if adapter is None else str(adapter)))


def _adapted(base: Path, path: Path) -> int:
    return max(_shown(base, path), _session_on(path, base=base), key=lambda status: status not in STATUSES)


def _compared(base: Path, path: Path) -> int:
    return guarded(lambda: compare(Asked(path, str(base)), PLAIN))


def _mapped(path: Path) -> int:
    dump = FIXTURES / "dumps" / "jsonl" / "marian_zh_en.jsonl"
    return guarded(lambda: compare(Asked(dump, str(FIXTURES / "marian_zh_en"), names=path), PLAIN))


class Wrong(NamedTuple):
    """What is wrong with the way in which a file was read: how others like it are known, and all there is to say."""

    what: str
    told: str


class Found(NamedTuple):
    """A mutation that escaped: its number, what was changed, and what came of it."""

    number: int
    changed: str
    wrong: Wrong


class Fuzzer:
    """Mutations by their numbers. ``seen`` counts what escaped, by what it is known by."""

    def __init__(self, seed: int, keep: Path | None = None) -> None:
        self._seed = seed
        self._sorts = sorts()
        self._keep = keep
        self.seen: dict[str, int] = {}

    def run(self, first: int, count: int) -> Iterator[Found]:
        """Open so many; what escaped, the first of each kind."""
        at = first
        while at < first + count:
            after = at + 1
            for told in self._told(at, min(AT_ONCE, first + count - at)):
                if isinstance(told, Ended):
                    sort = self._sort(self._chance(after - 1))
                    yield from self._new(Found(after - 1, sort.name, Wrong(f"died: {told.how}", told.said)))
                elif "at" in told:
                    after = told["at"] + 1
                else:
                    yield from self._new(Found(after - 1, told["changed"], Wrong(*told["wrong"])))
            at = after

    def _new(self, found: Found) -> Iterator[Found]:
        what = found.wrong.what
        self.seen[what] = self.seen.get(what, 0) + 1
        if self.seen[what] == 1:
            yield found

    def _sort(self, chance: Random) -> Sort:
        """A sort of file: first of which kind, since some have many."""
        [kind] = chance.choices([*OFTEN], [*OFTEN.values()])
        return chance.choice([sort for sort in self._sorts if sort.name.startswith(f"{kind} ")])

    def _chance(self, number: int) -> Random:
        return Random(f"{self._seed}/{number}")

    def _told(self, first: int, count: int) -> Iterator[Any]:
        with tempfile.TemporaryDirectory() as folder:
            yield from heard(partial(self._open, Path(folder), range(first, first + count)), SILENT)

    def _open(self, folder: Path, numbers: range, tell: Tell) -> None:
        confine(folder, MEMORY)
        for number in numbers:
            tell({"at": number})
            with tempfile.TemporaryDirectory(dir=folder) as place:
                changed, wrong = self._tried(Path(place), number)
            if wrong:
                tell({"changed": changed, "wrong": wrong})

    def _tried(self, folder: Path, number: int) -> tuple[str, Wrong | None]:
        """What was changed in a mutation, and what is wrong with what came of it."""
        chance = self._chance(number)
        sort = self._sort(chance)
        copy = folder / sort.place.name
        (shutil.copytree if sort.place.is_dir() else shutil.copy)(sort.place, copy)
        file = copy / chance.choice(sort.changed) if copy.is_dir() else copy
        changed = f"{sort.name}: {mutated(file, chance)}"
        if self._keep:
            shutil.copytree(folder, self._keep, dirs_exist_ok=True)
        return changed, judged(sort.opens, copy)


def judged(opens: Callable[[Path], object], path: Path) -> Wrong | None:
    """What is wrong with how a file was read."""
    shown, told = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(shown), told_to(told), limited(SECONDS):
            status = opens(path)
    except InputError as error:
        status = 2
        complain(str(error))
        told.write(f"{error}\n")
    except Late as error:
        return Wrong(f"late: {place(error)}", trail(error))
    except BaseException as error:
        return Wrong(f"{type(error).__name__}: {place(error)}", trail(error))
    return _wrong(status, shown.getvalue(), told.getvalue())


def _wrong(status: object, shown: str, told: str) -> Wrong | None:
    if isinstance(status, int) and status not in STATUSES:
        return Wrong(f"status {status}", told)
    if signs := obeyed(shown + told):
        return Wrong(f"raw {signs[0]!r}", repr(shown[-300:] + told[-300:]))
    if "Traceback (most recent" in told:
        return Wrong("traceback", told)
    if _("there is not enough memory for that") in told:
        return Wrong("memory", told)
    return None


def main() -> None:
    """Open so many; the status says whether any escaped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the mutation to go on with")
    parser.add_argument("--keep", type=Path, help="a directory that gets what is opened")
    asked = parser.parse_args()
    fuzzer = Fuzzer(asked.seed, asked.keep)
    for first in range(asked.first, asked.first + asked.mutations, 100):
        for number, changed, wrong in fuzzer.run(first, min(100, asked.first + asked.mutations - first)):
            print(f"{wrong.what}  (--seed {asked.seed} --from {number}, {changed})\n{wrong.told}\n", flush=True)
        print(f"next {first + 100}", file=sys.stderr, flush=True)
    print(f"{asked.mutations} mutations: {json.dumps(fuzzer.seen, indent=1)}")
    sys.exit(1 if fuzzer.seen else 0)


if __name__ == "__main__":
    main()
