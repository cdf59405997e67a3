"""What a reason is asked for: a cell of a record, a parameter of the checkpoint, or a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from tracer import views
from tracer.addresses import Address, Label
from tracer.debugger.debugger import Debugger
from tracer.errors import AddressError, SelectorError
from tracer.i18n import N_, _, spoken
from tracer.model_edits import changing
from tracer.models.text import SIDES, Side
from tracer.pieces import token_of
from tracer.tape import Record
from tracer.tensor import Located, Parameter, Tensor
from tracer.trace import Trace

from .branches import told_edits
from .result import View


class Found(NamedTuple):
    """One cell of a record."""

    record: Record
    place: tuple[int, ...]


def cell_at(debugger: Debugger, address: Address) -> Found:
    """The one cell that an address names; raises `SelectorError` where its selectors leave more than one."""
    if not address.path and address.record is None:
        raise AddressError(_("{step} is a whole step; name a cell of it, e.g. {step}:choice").format(step=address))
    record = debugger.here.find(address)
    places = record.output.locate(address.selectors)
    index = tuple(place for place in places if isinstance(place, int))
    if len(index) < len(places):
        raise SelectorError(
            _("{cell} is more than one cell; give one place on each of its axes: {axes}").format(
                cell=address, axes=", ".join(record.output.axes)
            )
        )
    return Found(record, index)


def parameter_at(debugger: Debugger, address: Address) -> Parameter | None:
    """The parameter that an address names, in full or, where nothing recorded has that name, shortened."""
    return None if address.is_glob else next(iter(debugger.here.parameters(address).values()), None)


def parameter_facts(run: Trace, parameter: Parameter, where: Located, step: int) -> dict[str, Any]:
    """A parameter as it was asked for: its name in the file, its shape, what was asked of it, and who uses it."""
    asked = parameter.cut(where)
    shape = ", ".join(f"{axis.name} {n}" for axis, n in zip(parameter.dims, parameter.shape, strict=True))
    facts: dict[str, Any] = {
        N_("parameter"): parameter.address,
        N_("shape"): f"[{shape}]",
        N_("file"): str(run.card.path),
    }
    if asked.array.ndim:
        statistics = asked.statistics()
        facts |= {
            N_("values"): asked.array.size,
            N_("min"): statistics.min,
            N_("max"): statistics.max,
            N_("mean"): statistics.mean,
        }
    else:
        facts |= {N_("value"): float(asked.array), **_token(parameter, where)}
    if changes := changing(run.edits, run.parameters, parameter.path):
        facts |= {N_("set by"): told_edits(changes)}
    users = ", ".join(_users(run, parameter, step))
    return facts | {N_("used by"): users or _("no operation of the steps computed so far")}


def changed_parameters(run: Trace, record: Record) -> list[str]:
    """Which of the parameters that a record reads were changed, and by which edits."""
    read = dict.fromkeys(parameter.address for _name, parameter in record.trained)
    found = ((address, changing(run.edits, run.parameters, address)) for address in read)
    return [
        _("{name} is changed in this run: {edits}").format(name=name, edits=told_edits(edits))
        for name, edits in found
        if edits
    ]


def _token(parameter: Tensor, where: Located) -> Mapping[str, str]:
    """The token whose row or column a cell of a parameter lies in, if it is one."""
    for axis, place in zip(parameter.dims, where, strict=True):
        if axis.labels is not None and isinstance(place, int):
            return {N_("token"): _("{token} = id {id}").format(token=Label(axis.labels[place]), id=place)}
    return {}


def _users(run: Trace, parameter: Parameter, step: int) -> list[str]:
    """The operations that read a parameter: those of the encoder, and of a step, or where it has none of the first."""
    encoder, here, first = (_used_in(run, number, parameter) for number in (0, max(step, 1), 1))
    return [*encoder, *(here or first)]


def _used_in(run: Trace, number: int, parameter: Parameter) -> list[str]:
    """The operations that read a parameter in a step, if that is computed."""
    tape = run.step(number) if number in run.numbers else ()
    return [
        record.output.address
        for record in tape
        if any(trained.path == parameter.path for _name, trained in record.trained)
    ]


def token_facts(run: Trace, label: Label) -> dict[str, Any]:
    """A token: its id, places and row of the embedding on each side; of its k-th occurrence, that place alone.

    Raises:
        AddressError: it is a token on neither side, or does not occur so often.
    """
    known: dict[str, Any] = {}
    for side, pieces in run.pieces.items():
        token = run.card.id_of(label.text, side)
        if token is not None:
            known[SIDES[side]] = {
                N_("id"): token,
                N_("positions"): _places(label, run.card.piece(token, side), pieces),
                N_("embedding"): _embedding(run, side, token),
            }
    if not known:
        raise AddressError(_("{label} is no token of {model}").format(label=label, model=run.card.name))
    if label.occurrence > 1 and not any(facts["positions"] for facts in known.values()):
        raise AddressError(_("{label} is not there: the token does not occur so often").format(label=label))
    return {N_("token"): label.text, **known}


def target_id(run: Trace, label: Label) -> int | None:
    """The id of a token in the target vocabulary, None where it is none."""
    return run.card.id_of(label.text, "target")


def choice_of(debugger: Debugger, label: Label) -> Found | None:
    """The choice of a token: that of the cursor's step if it is one, else the last; None where it was never chosen."""
    run, token = debugger.run, target_id(debugger.run, label)
    given = len(run.target) - len(run.tokens)
    places = [] if token is None else _places(label, run.card.piece(token, "target"), run.target)
    steps = [run.tokens[place - given].step for place in places if place >= given]
    if not steps:
        return None
    return Found(run.step(debugger.cursor.step if debugger.cursor.step in steps else steps[-1]).find("choice"), ())


def _places(label: Label, piece: str, pieces: Sequence[str]) -> list[int]:
    """Where a piece occurs; with the number of an occurrence, that place alone."""
    places = [place for place, other in enumerate(pieces) if token_of(other) == piece]
    return places if label.occurrence == 1 else places[label.occurrence - 1 : label.occurrence]


def _embedding(run: Trace, side: Side, token: int) -> str:
    """The row of the embedding table that a token has on one side; nothing where the table was not kept."""
    tape = run.step(run.begins[side])
    tables = (record.parameters.get("weight") for record in tape if "ids" in record.parameters)
    with suppress(AddressError):
        return next((str(table.row(token).address) for table in tables if table is not None), "")
    return ""


def facts_view(facts: Mapping[str, Any]) -> View:
    """What is known of a parameter or a token."""
    return views.glossary.glossary({spoken(name): _written(value) for name, value in facts.items()})


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "   ".join(f"{spoken(name)} {_written(part)}" for name, part in value.items() if part not in ("", []))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
