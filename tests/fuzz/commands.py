"""Random command lines, and what must hold after each of them.

`PYTHONPATH=. python -m tests.fuzz.commands --lines 1000000 --seed 1` runs so many; the same seed gives the same lines,
and `--from N` goes on at the N-th session of them. What escapes is printed with the shortest script that shows it.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib import import_module
from itertools import count
from pathlib import Path
from pkgutil import walk_packages
from random import Random
from typing import Any, NamedTuple

import commands
import tracer
from commands.batch import Batch
from commands.completion import completions, usage_hint
from commands.grammar.lines import given
from commands.guard import FAILED, FINE, UNEXPECTED
from commands.opener import Opener
from commands.output.formats import presenter_of
from commands.output.present import Look
from commands.replay import Replay
from commands.session import Session
from commands.streams import complain
from tests.signs import SIGNS, Terminal, hostile, obeyed
from tracer.errors import InputError
from tracer.export import document_formats
from tracer.i18n import _

from .apart import Ended, Tell, heard
from .cage import confine, scratch
from .limits import Late, limited, place, told_to, trail
from .lines import Lines

FIXTURES = Path(__file__).parents[1] / "fixtures"
IN_A_SESSION = 400
"""lines"""
SECONDS = 5
"""of computing that a line may take, unless it shows how far it is; twice that to hear Ctrl-C"""
SILENT = 300
"""seconds in which a session has to come to the end of a line, by the clock on the wall"""
SHORTENING = 60
"""seconds in which a script is made short"""
MOST_GROWN = 1 << 30
"""bytes by which a session may grow"""
ASKED = ("info", "where")
"""What a session that is whole answers."""
OUTPUTS = ("text", "terminal", "jsonl", *document_formats())
FILES = ("a.tx", "a.txt", "a.json", "a.jsonl", "a.csv", "a.npy", "a.npz", "a.html", "a.md", "a.svg", "a.safetensors")
APART = ("tracer.training", "tracer.chats.worker", "tracer.tokenizers.trial", "commands.__main__")
"""What is imported by processes of their own."""
KEPT = "kept.trace.safetensors"
NAMES = (*FILES, KEPT, "a b.txt", "nowhere/a.txt", "/dev/full", "/dev/null", ".", "..", "", f"{SIGNS}.txt", "~/b.json")

Made = Callable[[], Session]


class Wrong(NamedTuple):
    """What is wrong with a line: a word or two by which others like it are known, and all there is to say."""

    what: str
    told: str


class Stage(NamedTuple):
    """Where a session plays: the subject, what is shown how, and the chance behind it."""

    subject: str
    output: str
    chance: str


def subjects() -> dict[str, Made]:
    """Sessions of every kind, each with its model loaded, and all that they may import."""
    for package in (commands, tracer):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(APART):
                import_module(module.name)
    fixtures = {name: tracer.load(FIXTURES / name) for name in ("gpt2", "bert", "mbart_languages")}
    models = {"zh-en-tiny": tracer.load("zh-en-tiny"), "signs": tracer.load(_hostile()), **fixtures}
    return {**{name: partial(_live, model) for name, model in models.items()}, "trace": _kept}


@cache
def _hostile() -> Path:
    """A checkpoint whose tokens are full of signs that a terminal obeys, in a directory of such a name."""
    place = scratch() / SIGNS
    shutil.copytree(tracer.load("zh-en-tiny").path, place)
    for file in place.glob("*_tokenizer.json"):
        hostile(file)
    return place


def _live(model: tracer.Model) -> Session:
    """One on a text, or on ids where the model reads none."""
    try:
        return Session(Opener(model, "我爱你", warn=complain))
    except InputError:
        return Session(Opener(model, "5 6 7", ids=True, warn=complain))


def _kept() -> Session:
    return Session(Replay.of(tracer.open(Path(KEPT)), complain))


class Trial:
    """A session, and what is wrong with the lines that it is given."""

    def __init__(self, session: Session, output: str) -> None:
        self.session = session
        self._terminal = output == "terminal"
        self._format = "text" if self._terminal else output

    def run(self, line: str) -> Wrong | None:
        """What is wrong with a line, or with how the session stands after it."""
        shown, told = Terminal() if self._terminal else io.StringIO(), io.StringIO()
        status = FINE
        try:
            with told_to(told), limited(SECONDS):
                self._offer(line)
                status = self._play(line, shown)
        except Late as error:
            return Wrong(f"late: {place(error)}", f"{SECONDS} s with nothing to see\n{trail(error)}")
        except KeyboardInterrupt:
            pass
        except BaseException as error:
            return Wrong(f"{type(error).__name__}: {place(error)}", trail(error))
        return self._wrong(line, status, shown.getvalue(), told.getvalue()) or self._lost()

    def _offer(self, line: str) -> None:
        """What a prompt asks while a line is typed; of one line in four."""
        for end in {len(line) // 2, len(line)} if len(line) % 4 == 0 else ():
            completions(line[:end], self.session)
            usage_hint(line[:end], self.session)

    def _play(self, line: str, stream: io.StringIO) -> int:
        look = Look(100, "always" if self._terminal else "never")
        with presenter_of(self._format)(stream, look, self.session.heading) as presenter:
            return Batch(self.session, presenter, keep_going=True).play(given([line]))

    def _wrong(self, line: str, status: int, shown: str, told: str) -> Wrong | None:
        """What is wrong with what came out."""
        for name, text in (("shown", shown), ("told", told)):
            if signs := obeyed(text):
                at = text.index(signs[0])
                return Wrong(f"raw {signs[0]!r} {name}", repr(text[max(0, at - 200) : at + 50]))
        if _("there is not enough memory for that") in told:
            return Wrong("memory", told)
        if status not in (FINE, FAILED, UNEXPECTED) or (status != FINE and not told.strip()):
            return Wrong("failed without a word", f"status {status}")
        if "Traceback (most recent" in told:
            return Wrong("traceback", told)
        return _no_json(shown) if self._format == "jsonl" and "|" not in line else None

    def _lost(self) -> Wrong | None:
        """What is wrong with how the session stands."""
        session = self.session
        if session.runs.get(session.number) is not session.run:
            return Wrong("lost: the current run", repr(session.number))
        return None

    def ask(self) -> Wrong | None:
        """What is wrong where a session does not answer what it always can."""
        for line in ASKED:
            stream, told = io.StringIO(), io.StringIO()
            with told_to(told):
                if self._play(line, stream) != FINE:
                    return Wrong(f"lost: {line}", told.getvalue())
        return None


def _no_json(shown: str) -> Wrong | None:
    for line in shown.splitlines():
        try:
            if "kind" not in json.loads(line, parse_constant=_refuse):
                return Wrong("an object without its kind", line[:500])
        except ValueError as error:
            return Wrong("no JSON", f"{error}: {line[:500]}")
    return None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class Failure(NamedTuple):
    """What escaped, and the lines that led to it."""

    stage: Stage
    wrong: Wrong
    lines: Sequence[str]


class Fuzzer:
    """Sessions of random lines. ``seen`` counts what escaped, by what it is known by."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._subjects = subjects()
        self.seen: dict[str, int] = {}
        self.lines = 0
        self.grown = 0

    def session(self, number: int, lines: int = IN_A_SESSION) -> Iterator[Failure]:
        """Run one session of the seed; what escaped, the first of each kind with the shortest lines that show it."""
        stage = self._stage(number)
        typed: list[str] = []
        for told in heard_in_cage(partial(self._typed, stage, lines), SILENT):
            if isinstance(told, Ended):
                yield from self._new(Failure(stage, Wrong(f"died: {told.how}", told.said), typed))
            elif "line" in told:
                typed.append(told["line"])
            elif "grown" in told:
                self.grown = max(self.grown, told["grown"])
            else:
                yield from self._new(Failure(stage, Wrong(*told["wrong"]), [*typed]))
        self.lines += len(typed)

    def _new(self, failure: Failure) -> Iterator[Failure]:
        """What is like nothing before, made short."""
        what = failure.wrong.what
        self.seen[what] = self.seen.get(what, 0) + 1
        if self.seen[what] == 1:
            yield failure._replace(lines=self._shortest(failure))

    def _stage(self, number: int) -> Stage:
        chance = Random(f"{self._seed}/{number}")
        return Stage(chance.choice([*self._subjects]), chance.choice(OUTPUTS), f"{self._seed}/{number}")

    def _typed(self, stage: Stage, lines: int, tell: Tell) -> None:
        """Type so many lines, and tell each before it is run."""
        trial = self._trial(stage)
        maker = Lines(trial.session, NAMES, Random(stage.chance))
        before = _taken()
        for number in range(lines):
            try:
                line = maker.line()
            except Exception as error:
                tell({"wrong": Wrong(f"offering: {type(error).__name__}: {place(error)}", trail(error))})
                continue
            tell({"line": line})
            wrong = trial.run(line) or (trial.ask() if number % 20 == 0 else None)
            if wrong:
                tell({"wrong": wrong})
            if wrong and wrong.what.startswith(("late", "lost")):
                break
        grown = _taken() - before
        tell({"grown": grown})
        if grown > MOST_GROWN:
            tell({"wrong": Wrong("memory of a session", f"{grown >> 20} MiB more than at its beginning")})

    def _trial(self, stage: Stage) -> Trial:
        return Trial(self._subjects[stage.subject](), stage.output)

    def _shortest(self, failure: Failure) -> Sequence[str]:
        """The shortest script that was found to show the same in the time that there is for that."""
        until = time.monotonic() + SHORTENING
        shortest = failure.lines
        for fewer in shorter(shortest, lambda lines: failure.wrong.what in self._replayed(failure.stage, lines)):
            shortest = fewer
            if time.monotonic() > until:
                break
        return shortest

    def _replayed(self, stage: Stage, lines: Sequence[str]) -> set[str]:
        """What is wrong where a session is given these lines."""
        found = set()
        for told in heard_in_cage(partial(self._run_again, stage, lines), SILENT):
            found.add(f"died: {told.how}" if isinstance(told, Ended) else told["wrong"][0])
        return found

    def _run_again(self, stage: Stage, lines: Sequence[str], tell: Tell) -> None:
        trial = self._trial(stage)
        for line in lines:
            if wrong := trial.run(line) or trial.ask():
                tell({"wrong": wrong})


def heard_in_cage(action: Callable[[Tell], None], silent: float) -> Iterator[Any]:
    """What an action tells that is confined to a folder with a few files in it."""
    with tempfile.TemporaryDirectory() as folder:

        def confined(tell: Tell) -> None:
            place = Path(folder)
            (place / "a.tx").write_text("step\n# nothing\nwhere\n")
            shutil.copy(_trace(), place / KEPT)
            confine(place)
            action(tell)

        yield from heard(confined, silent)


@cache
def _trace() -> Path:
    """A run in a file."""
    file = scratch() / KEPT
    tracer.trace(tracer.load("zh-en-tiny"), "我爱你").save(file)
    return file


def _taken() -> int:
    """bytes of memory that are in use, or were at most where that is not told"""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def shorter(lines: Sequence[str], shows: Callable[[Sequence[str]], bool]) -> Iterator[list[str]]:
    """After every trial the shortest script that still shows something: of few lines, the last of them short."""
    kept = [*lines[-1:]]
    if not shows(kept):
        kept = [*lines]
        for fewer in _fewer(kept, shows):
            kept = fewer
            yield kept
    *before, last = kept
    for signs in _fewer([*last], lambda signs: shows([*before, "".join(signs)])):
        yield [*before, "".join(signs)]


def _fewer(things: list[str], shows: Callable[[Sequence[str]], bool]) -> Iterator[list[str]]:
    """Things without those that are not needed: halves of them are left out, then quarters, and so on."""
    size = len(things) // 2
    while size:
        at = 0
        while at < len(things):
            fewer = things[:at] + things[at + size :]
            if fewer and shows(fewer):
                things = fewer
            else:
                at += size
            yield things
        size //= 2


def written(failure: Failure) -> str:
    """What escaped, as a person reads it."""
    stage, wrong, lines = failure
    script = "\n".join(f"  {line[:300]!r}{f' … {len(line)} signs' if len(line) > 300 else ''}" for line in lines[-20:])
    return f"{wrong.what}  ({stage.subject}, {stage.output}, session {stage.chance})\n{script}\n{wrong.told}\n"


def main() -> None:
    """Run sessions until so many lines were run; the status says whether any escaped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the session to go on with")
    asked = parser.parse_args()
    fuzzer = Fuzzer(asked.seed)
    for number in count(asked.first):
        for failure in fuzzer.session(number):
            print(written(failure), flush=True)
        told = f"{fuzzer.lines} lines, next session {number + 1}, grown by {fuzzer.grown >> 20} MiB at most"
        print(told, file=sys.stderr, flush=True)
        if fuzzer.lines >= asked.lines:
            break
    print(f"{fuzzer.lines} lines: {json.dumps(fuzzer.seen, indent=1)}")
    sys.exit(1 if fuzzer.seen else 0)


if __name__ == "__main__":
    main()
