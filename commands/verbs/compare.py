"""What another program computed: whether it is the same, where it is not, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tracer.addresses import Address, parse
from tracer.decoding.settings import Settings
from tracer.domains import Words
from tracer.i18n import _
from tracer.models.texts import Given
from tracer.run import Run, live

from ..grammar.parameters import File, Option, file_at
from ..registry import command
from ..results.compared import beside, compared, insist, typed
from ..results.result import Results, answer
from ..results.shared import performed
from ..session import Session
from .step import through

if TYPE_CHECKING:
    from tracer.comparing.comparison import Comparison

TYPES = Words({kind: kind for kind in ("float32", "bf16", "f16")})

Format = Annotated[str | None, Option("--as", "FORMAT", str)]
Map = Annotated[Path | None, Option("--map", "FILE", file_at)]
In = Annotated[Literal["float32", "bf16", "f16"] | None, Option("--computed", TYPES.placeholder, TYPES.read)]
Go = Annotated[bool, Option("--go")]


@command("compare", group="files")
def compare(
    session: Session, file: File, *, kind: Format = None, names: Map = None, computed: In = None, go: Go = False
) -> Results:
    """Hold what another program computed against the model.

    FILE is what it wrote down, as it is named or beside the model; help dumps lists what is read. The same is computed
    here from the ids in it, or from those of the run where it has none. You see the largest difference at every
    address; the first operation that differs of its own, rather than by what it comes of; and the mistake that explains
    it, if it is one that mistake knows. Ours and theirs are runs of the session from then on, so that goto, why, print
    and diff reach both; --go goes to the first difference. --as says what format FILE has, --map names a file of lines
    theirs = ours, --computed says what theirs was computed in, where how it is stored does not tell. A script ends with
    status 3 where something differs, and goes on after --go.

    (tx) compare reference.safetensors
    (tx) compare port.safetensors --go
    """
    from tracer.comparing.comparison import compare as held
    from tracer.comparing.mapping import Mapping as Names
    from tracer.dumps.opening import open_dump

    run, mapping = live(session.run, "compare"), None if names is None else Names.read(names)
    dump = open_dump(beside(run.model.path, file), kind)
    found = held(run.model, dump, otherwise=_read(run), names=mapping, computed=computed)
    first = _first(found)
    again = typed("compare", file, {"--as": kind, "--map": names, "--computed": computed})
    yield compared(found, _follow(first, again) if not go else "")
    yield from _together(session, found)
    if go and first is not None:
        yield from through(iter([session.goto(first)]), session, performed)
    elif not go:
        insist(found)


def _follow(first: Address | None, again: str) -> str:
    """What leads to the first difference: a record is gone to, other ids are decoded again."""
    return f"goto {first}" if first is not None else again


def _read(run: Run) -> Given:
    """What a run has read, as one pass would."""
    begins_with = run.texts[-1].ids if len(run.texts) > 1 else None
    target = run.target_ids if run.teacher_forced else begins_with
    return Given(run.source_ids, target, run.mask, run.positions, run.target_mask, run.segments)


def _together(session: Session, found: Comparison) -> Results:
    """Ours and theirs as runs of the session: the current one, if it reads the same, or a fresh one; and another."""
    from tracer.foreign import ForeignTrace, foreign

    agreement = found.agreement
    if agreement.run.target_ids is None:
        return
    if not (isinstance(session.run, Run) and _reads_alike(session.run, agreement.run)):
        session.reopen(session.opener.replaying(agreement.of, Settings()))
        live(session.run, "compare").decode()
    if not agreement.numbers:
        return
    theirs, name = foreign(session.run, agreement.numbers, found.dump.path.name), found.dump.path.name
    before = (n for n, run in session.runs.items() if isinstance(run, ForeignTrace) and run.card.name == name)
    number = session.lay_beside(theirs, next(before, None))
    runs = {"ours": f"r{session.number}", "theirs": f"r{number}"}
    told = _("ours is {ours}, theirs {theirs}: diff {ours} {theirs} compares all, p {theirs}@… shows theirs")
    yield answer("compare", lambda: runs, lambda: told.format(**runs))


def _reads_alike(run: Run, other: Run) -> bool:
    """Whether two runs are one pass over the same, without edits."""
    parts = [
        (one.source_ids, one.target_ids, one.mask, one.positions, one.target_mask, one.segments, one.edits)
        for one in (run, other)
    ]
    plain = [[None if part is None else list(part) for part in read] for read in parts]
    return plain[0] == plain[1] and run.model is other.model


def _first(found: Comparison) -> Address | None:
    """Where the first difference is, if it is that of a record."""
    verdict = found.verdict
    return parse(verdict.address) if verdict and verdict.check.is_record else None
