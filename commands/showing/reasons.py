"""What a reason is asked for: a cell of a record, a parameter of the checkpoint, or a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tracer.addresses import Address, Label, matching
from tracer.debugger.session import Session
from tracer.errors import AddressError, SelectorError
from tracer.i18n import N_, _
from tracer.model import SIDES, Side
from tracer.run import Run
from tracer.tape import Record
from tracer.tensor import Parameter, Tensor


class Found(NamedTuple):
    """One cell of a record."""

    record: Record
    place: tuple[int, ...]


def cell_at(session: Session, address: Address) -> Found:
    """The one cell that an address names; raises `SelectorError` where its selectors leave more than one."""
    record = session.here.find(address)
    places = record.output.locate(address.selectors)
    index = tuple(place for place in places if isinstance(place, int))
    if len(index) < len(places):
        raise SelectorError(
            _("{cell} is more than one cell; give one place on each of its axes: {axes}").format(
                cell=address, axes=", ".join(record.output.axes)
            )
        )
    return Found(record, index)


def parameter_at(session: Session, address: Address) -> Parameter | None:
    """The parameter that an address names, in full or, where nothing recorded has that name, shortened."""
    if address.step is not None or address.record is not None or address.is_glob:
        return None
    by_name = {**session.run.model.parameters, **{p.address: p for p in session.run.model.parameters.values()}}
    if address.path in by_name:
        return by_name[address.path]
    try:
        session.here.find(address)
    except AddressError:
        found = {by_name[name].address: by_name[name] for name in matching(address.path, by_name)}
        return next(iter(found.values())) if len(found) == 1 else None
    return None


def parameter_facts(run: Run, parameter: Parameter, address: Address) -> dict[str, Any]:
    """A parameter as the file has it: its name there, its shape by axis name, and what was asked of it."""
    stored = parameter.stored
    asked = stored.select(address.selectors)
    shape = ", ".join(f"{axis.name} {n}" for axis, n in zip(stored.dims, stored.shape, strict=True))
    facts: dict[str, Any] = {
        N_("parameter"): parameter.address,
        N_("shape"): f"[{shape}]",
        N_("file"): str(run.model.path),
    }
    if asked.array.ndim:
        statistics = asked.statistics()
        facts |= {
            N_("values"): asked.array.size,
            "min": statistics.min,
            "max": statistics.max,
            "mean": statistics.mean,
        }
    else:
        facts |= {N_("value"): float(asked.array), **_token(stored, address)}
    return facts | {N_("used by"): ", ".join(_users(run, parameter)) or _("no operation of the steps computed so far")}


def _token(stored: Tensor, address: Address) -> Mapping[str, str]:
    """The token whose row or column a cell of a parameter lies in, if it is one."""
    for axis, place in zip(stored.dims, stored.locate(address.selectors), strict=True):
        if axis.labels is not None and isinstance(place, int):
            return {N_("token"): _('"{piece}" = id {id}').format(piece=axis.labels[place], id=place)}
    return {}


def _users(run: Run, parameter: Parameter) -> list[str]:
    """The operations that read a parameter, in the first steps: those of the others are the same."""
    steps = range(run.first, min(run.computed, 1) + 1)
    return [
        record.output.address
        for step in steps
        for record in run.step(step)
        if any(isinstance(p, Parameter) and p.address == parameter.address for p in record.parameters.values())
    ]


def token_facts(run: Run, label: Label) -> dict[str, Any]:
    """A token: its id, places and row of the embedding on each side; raises `AddressError` if it is on neither."""
    facts: dict[str, Any] = {N_("token"): label.text}
    for side, pieces in _sides(run).items():
        tokenizer = run.model.source if side == "source" else run.model.target
        token = None if tokenizer is None else tokenizer.id_of(label.text)
        if token is not None:
            places = [place for place, piece in enumerate(pieces) if piece == run.model.piece(token, side)]
            facts[SIDES[side]] = {
                N_("id"): token,
                N_("positions"): places,
                N_("embedding"): _embedding(run, side, token),
            }
    if len(facts) == 1:
        raise AddressError(_("{label} is no token of {model}").format(label=label, model=run.model.name))
    return facts


def _sides(run: Run) -> Mapping[Side, list[str]]:
    return {"source": run.source, "target": run.target} if run.model.has_encoder else {"target": run.target}


def _embedding(run: Run, side: Side, token: int) -> str:
    """The row of the embedding table that a token has on one side."""
    tape = run.step(0 if side == "source" else 1)
    tables = (record.parameters.get("weight") for record in tape if "ids" in record.parameters)
    return next((str(table.row(token).address) for table in tables if table is not None), "")
