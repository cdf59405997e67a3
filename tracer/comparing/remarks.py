"""What there is to say of a comparison beside its figures."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..addresses import suggestion
from ..dumps.dump import Entry
from ..errors import InputError
from ..i18n import N_, Message, _, spoken
from ..model import Model
from .check import Check
from .given import BATCH, SOURCE, STATED, TARGET, Pass, name_of
from .mapping import Mapping as Names
from .proposals import Proposal

SLIPS = 2
"""Characters by which a mistyped name may be longer or shorter."""
_WHOLE = ("I", "U", "BOOL")
"""How the types of ids and of masks begin."""
_SCORES = re.compile(r"(greedy|beam4)\.scores|scores\.\d+")
"""What is on the way to ids that decoding yields."""


def is_context(entry: Entry) -> bool:
    """Whether a tensor is no result to compare: what went in, scores on the way to ids, or a parameter."""
    short = name_of(entry).removeprefix(BATCH)
    is_text = short.endswith(("_ids", "_mask")) and entry.evidence.dtype.startswith(_WHOLE)
    return is_text or bool(_SCORES.fullmatch(short)) or ".parameters." in entry.meaning


def left_aside(entries: Iterable[Entry], model: Model, given: Pass) -> Iterator[Message]:
    """What a dump states of its texts, and the model has no use for."""
    reads = {"position_ids": model.texts.takes_positions, "token_type_ids": bool(model.facts.segments)}
    used = {*SOURCE, *TARGET, *(name for name in STATED if reads.get(name, True))}
    short = {name_of(one): name_of(one).removeprefix(BATCH) for one in entries if is_context(one)}
    unused = [name for name, word in short.items() if word.endswith(("_ids", "_mask")) and word not in used]
    if told := [name for name in unused if short[name] in STATED or "." not in short[name]]:
        yield N_("{names}: left aside, as the model reads no such thing").format(names=", ".join(told))
    if "target" in model.texts.needed and given.target is None:
        yield N_("no decoder_input_ids are stated, so that the encoder alone is compared")


def misspelt(unmatched: Iterable[Entry], proposals: Sequence[Proposal], known: Collection[str]) -> Iterator[Message]:
    """The names that are nearest to those that have no address here, where numbers tell nothing."""
    proposed = {proposal.name for proposal in proposals}
    for entry in unmatched:
        short = name_of(entry).removeprefix(BATCH)
        is_a_word = not entry.means and "/" not in short and short.count(".") < 2
        is_typed = is_a_word and entry.name not in proposed
        alike = [name for name in known if _are_alike(name, short)] if is_typed else []
        if (nearest := suggestion(short, alike)) not in (None, short):
            yield N_("{name} is no name of a result; did you mean {nearest}?").format(name=entry.name, nearest=nearest)


def _are_alike(name: str, other: str) -> bool:
    """Whether two names have as many segments, and nearly as many characters."""
    return name.count(".") == other.count(".") and abs(len(name) - len(other)) <= SLIPS


def silent(entries: Sequence[Entry]) -> Iterator[Message]:
    """How many tensors have a name of ours, and nothing that says anything of the record."""
    if entries:
        told = N_(
            "not compared although their name is known: {n}; sums and statistics that include padding, hidden keys or "
            "other rows, truth values and single numbers say nothing of one text"
        )
        yield told.format(n=len(entries))


def unused(names: Names, named: Mapping[str, str], unmatched: Iterable[Entry]) -> Iterator[Message]:
    """The lines of a mapping file that were of no tensor, and the names of ours in it that are none."""
    for line in names.unused:
        yield N_("line {n} of the mapping file matches no tensor of the dump: {line}").format(n=line.number, line=line)
    for entry in unmatched:
        if ours := named.get(entry.name):
            told = N_("{name} is called {ours} by the mapping file, and there is no such thing here")
            yield told.format(name=entry.name, ours=ours)


def misread(checks: Sequence[Check]) -> InputError | None:
    """That no tensor has the shape that it should have, where that is so: another model must be meant."""
    if not checks or any(check.compared or not check.is_record for check in checks):
        return None
    first = checks[0]
    told = _(
        "no tensor has the shape that it has here ({name}: {why}); is the dump of another checkpoint (-m), or of other "
        "ids?"
    )
    return InputError(told.format(name=first.called, why=spoken(first.why)))


def nothing(
    file: Path, unmatched: Sequence[Entry], mute: Sequence[Entry], proposals: Sequence[Proposal], known: Collection[str]
) -> InputError:
    """That nothing could be compared, and how it may be."""
    if mute:
        told = _(
            "{file}: holds nothing to compare: {n} of its tensors have a name that is known, but figures over padding, "
            "hidden keys or other rows, truth values and single numbers say nothing of one text"
        )
        return InputError(told.format(file=file.name, n=len(mute)))
    if not unmatched:
        told = _("{file}: holds nothing to compare: nothing is in it but what went in")
        return InputError(told.format(file=file.name))
    told = _(
        "{file}: holds nothing to compare: no name among its {n} tensors is known{hint}; name them in a mapping file "
        "(--map) with lines such as {example}"
    )
    hints = [f" ({spoken(hint)})" for hint in misspelt(unmatched, proposals, known)]
    likely = next(iter(proposals), None)
    name, ours = (likely.name, likely.record.address) if likely else (unmatched[0].name, "decoder.0.ffn.output")
    example, hint = f"{name} = {ours}", "".join(hints[:1])
    return InputError(told.format(file=file.name, n=len(unmatched), hint=hint, example=example))
