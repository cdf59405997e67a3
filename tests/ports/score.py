"""Say how often comparing finds what is wrong with a port, over the dumps that `make.py` wrote.

    python tests/ports/score.py DIRECTORY [PART OF A NAME …]

A line a case: whether the first wrong record is one of those expected (`exact`: the very one), whether the mistake is
named, and what was found in their place where it is not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import tracer

FIXTURES = Path(__file__).parents[1] / "fixtures"


class Score(NamedTuple):
    """One case: what was expected, what was found, and the seconds that it took."""

    name: str
    expected: dict[str, Any]
    first: str | None
    cause: str | None
    seconds: float

    @property
    def is_first(self) -> bool:
        """Whether the first wrong record is one that may be called so; none where nothing is wrong."""
        return self.first in self.expected["first"] if self.expected["first"] else self.first is None

    @property
    def is_exact(self) -> bool:
        """Whether it is the very one."""
        return self.is_first and self.first in (*self.expected.get("exact", self.expected["first"]), None)

    @property
    def is_named(self) -> bool:
        """Whether the mistake is named by its key, or none where there is none."""
        expected = (self.expected["cause"], *self.expected.get("also", ()))
        return (self.cause or "none") in [name.partition(" ")[0] for name in expected]

    @property
    def line(self) -> str:
        """The case in a line."""
        first = "exact" if self.is_exact else "right" if self.is_first else f"WRONG {self.first}"
        cause = "right" if self.is_named else f"WRONG {self.cause}"
        wanted = "" if self.is_first else f"  expected {', '.join(self.expected['first']) or 'none'}"
        return f"{self.name:58} {self.seconds:5.2f} s  first {first:34} cause {cause}{wanted}"


def scored(directory: Path) -> Score:
    """One case, compared."""
    expected = json.loads((directory / "expected.json").read_text(encoding="utf-8"))
    dump = next(path for path in directory.iterdir() if path.stem == "dump")
    model = tracer.load(FIXTURES / expected["checkpoint"])
    start = perf_counter()
    try:
        found = tracer.compare(model, dump)  # type: ignore[attr-defined, unused-ignore]
        first, cause = found.first, found.cause
    except tracer.TraceError as error:
        first, cause = f"({error})", "(error)"
    return Score(directory.name, expected, first, cause, perf_counter() - start)


def totals(scores: list[Score]) -> Iterator[str]:
    """How many are right, of all and of kinds."""
    wrong = [score for score in scores if score.expected["cause"] not in ("none", "unknown")]
    unknown = [score for score in scores if score.expected["cause"] == "unknown"]
    right = [score for score in scores if score.expected["cause"] == "none"]
    yield share("first operation, with a mistake", [score.is_first for score in wrong + unknown])
    yield share("  the very one", [score.is_exact for score in wrong + unknown])
    yield share("mistake named", [score.is_named for score in wrong])
    yield share("said to be unknown where it is", [score.is_named for score in unknown])
    yield share("nothing found where nothing is", [score.is_first and score.is_named for score in right])


def share(what: str, passed: list[bool]) -> str:
    return f"{what:34} {sum(passed):3} of {len(passed):3}  {100 * sum(passed) / max(1, len(passed)):5.1f} %"


def main() -> None:
    directory, *parts = sys.argv[1:]
    cases = [path for path in sorted(Path(directory).iterdir()) if (path / "expected.json").exists()]
    scores = []
    for path in cases:
        if not parts or any(part in path.name for part in parts):
            scores.append(scored(path))
            print(scores[-1].line, flush=True)
    print("", *totals(scores), sep="\n")


if __name__ == "__main__":
    main()
