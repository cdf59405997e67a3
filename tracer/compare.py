"""A checkpoint against results that another implementation computed from it, address by address.

They stand in a `reference.safetensors` beside the checkpoint; `reference.file` says what that holds besides the
results, and `reference.names` what these may be called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .addresses import suggestion
from .decoding.settings import Settings
from .errors import InputError
from .i18n import N_, Message, _, spoken
from .model import Model
from .reference.against import against
from .reference.checks import Check
from .reference.file import BATCH, Reference
from .reference.names import DECODED, kinds, places
from .reference.passes import Pass, checked, readings
from .reference.rounding import Rounding
from .run import Run
from .work import work


@dataclass
class Comparison:
    """Every array of the reference that has an address here, and the names of the results that have none.

    ``notes`` are what was taken to be so, as the reference does not say, and what was left aside; ``known`` are the
    names that results may have.
    """

    checks: list[Check] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    known: list[str] = field(default_factory=list, repr=False)

    @property
    def beyond(self) -> list[Check]:
        """Of `worst`, the checks that do not hold, in the order of the computation."""
        return [check for check in self.worst.values() if not check.holds]

    @property
    def worst(self) -> dict[str, Check]:
        """For each address, the check that comes off worst."""
        found: dict[str, Check] = {}
        for check in self.checks:
            if check.address not in found or _is_worse(check, found[check.address]):
                found[check.address] = check
        return found


def begun(model: Model, reference: Reference, check: Check) -> tuple[Pass, Settings | None]:
    """What went into the pass that a check is of; with the settings of the decoding, where it is one of ids."""
    given = checked(model, reference.of(check.name, check.row))
    if check.is_record:
        return given, None
    settings = Settings.of(max_tokens=reference.limit, **DECODED[_short(check.name)])
    return replace(given, target=None, target_mask=None), settings


def _is_worse(check: Check, other: Check) -> bool:
    return (not check.holds, check.largest) > (not other.holds, other.largest)


def compare(model: Model, reference: Reference) -> Comparison:
    """Compute what the reference was computed from, and compare.

    Raises:
        InputError: the reference does not say what went in, or the model can't take it, or it holds nothing to compare.
    """
    alone, *others = [checked(model, given) for given in (reference.only, *reference.others)]
    comparison = _as_it_agrees(model, reference, alone)
    for given in others:
        found = _as_it_agrees(model, reference, given)
        comparison.checks += found.checks
        comparison.notes += [note for note in found.notes if note not in comparison.notes]
    compared = {check.name for check in comparison.checks}
    comparison.left_out = [name for name in reference.names if name not in compared and not _is_context(name)]
    if not comparison.checks:
        raise _nothing(reference, comparison)
    comparison.notes += [*_left_aside(model, reference), *_misspelt(comparison)]
    return comparison


def _as_it_agrees(model: Model, reference: Reference, given: Pass) -> Comparison:
    """One pass, read as it is; or in the first of the other ways that are open, if that agrees and this does not."""
    first, *others = readings(model, given)
    usual = _compared(model, reference, first)
    if not usual.beyond:
        return usual
    for other in others:
        found = _compared(model, reference, other)
        if not found.beyond:
            found.notes += other.assumed
            return found
    return usual


def _compared(model: Model, reference: Reference, given: Pass) -> Comparison:
    """Every array of the reference that is of a pass."""
    run = _forced(model, given)
    known = places(run)
    comparison = Comparison(known=list(known))
    names = [name for name in reference.names if name.startswith(BATCH) == bool(given.prefix)]
    found = [(known[short], name) for name in names if (short := name.removeprefix(given.prefix)) in known]
    rounding = Rounding(run, [record for record, _name in found])
    ordered = sorted(found, key=lambda pair: (pair[0].step, pair[0].index))
    for record, name in work(ordered, _("compared")):
        comparison.checks += against(name, record, run, reference, given, rounding)
    if any(text.hidden for text in run.texts):
        comparison.notes.append(N_("what stands at the places of padding is not compared"))
    comparison.checks += _decoded(model, reference, given)
    source = run.texts[0]
    if comparison.beyond and source.side == "source" and len(source.hidden) == len(source):
        told = N_("{ids}: the source is padding alone; it is weighed alike here and by eager attention, not by others")
        comparison.notes.append(told.format(ids=given.name))
    return comparison


def _forced(model: Model, given: Pass) -> Run:
    """One pass over what went in; of the encoder alone, where the decoder was given nothing."""
    read = {"mask": given.mask, "positions": given.positions, "target_mask": given.target_mask}
    run = Run(model, given.source, target_ids=given.target, **read)  # type: ignore[arg-type]
    if given.target is None:
        run.step(0)
        return run
    return run.decode()


def _decoded(model: Model, reference: Reference, given: Pass) -> Iterator[Check]:
    """Ids that decoding yields from what went in: every one must be the same."""
    for short, settings in DECODED.items():
        if (name := given.prefix + short) in reference.names:
            chosen = Settings.of(max_tokens=reference.limit, **settings)
            run = Run(model, given.source, chosen, mask=given.mask, positions=given.positions)
            theirs = reference.searched(name, given)[len(run.texts[-1]) :]
            ours = run.decode(record=False).output_ids
            differing = sum(a != b for a, b in zip(ours, theirs, strict=False)) + max(0, len(ours) - len(theirs))
            yield Check(name, name, float(differing), 0.0, row=given.row if given.rows > 1 else None)


def _is_context(name: str) -> bool:
    """Whether an array is no result to compare: what went in, or the scores on the way to ids."""
    return name.endswith(("_ids", "_mask", ".scores"))


def _left_aside(model: Model, reference: Reference) -> Iterator[Message]:
    """What the reference states of its texts, and the model has no use for."""
    used = {"input_ids", "source_ids", "decoder_input_ids", "target_ids", "attention_mask", "decoder_attention_mask"}
    used |= {"position_ids"} if model.texts.takes_positions else set()
    unused = [name for name in reference.names if name.endswith(("_ids", "_mask")) and _short(name) not in used]
    if unused:
        yield N_("{names}: left aside, as the model reads no such thing").format(names=", ".join(unused))
    if "target" in model.texts.needed and reference.only.target is None:
        yield N_("no decoder_input_ids are stated, so that the encoder alone is compared")


def _short(name: str) -> str:
    return name.removeprefix(BATCH)


def _misspelt(comparison: Comparison) -> Iterator[Message]:
    """The names that are nearest to those that have no address here."""
    for name in comparison.left_out:
        nearest = None if "module/" in name else suggestion(_short(name), comparison.known)
        if nearest not in (None, _short(name)):
            yield N_("{name} is no name of a result; did you mean {nearest}?").format(name=name, nearest=nearest)


def _nothing(reference: Reference, comparison: Comparison) -> InputError:
    """That nothing could be compared, with the names that could be."""
    told = _("{file}: holds nothing to compare; results are {kinds}, {decoded}, or addresses as {address}{hints}")
    hints = [f"; {spoken(hint)}" for hint in _misspelt(comparison)]
    return InputError(
        told.format(
            file=reference.path.name,
            kinds=", ".join(kinds(comparison.known)),
            decoded=", ".join(DECODED),
            address="decoder.0.ffn.output",
            hints="".join(hints[:1]),
        )
    )
