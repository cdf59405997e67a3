"""Edits of a model, in memory, for a branch: trained numbers, and what config.json states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import reduce
from operator import or_
from typing import Any

import numpy as np

from .addresses import suggestion
from .dataclass import dataclass
from .edits import Edit, OfModel, Value, changed, lasting
from .edits.edit import fitted
from .errors import AddressError, InputError
from .i18n import _, ngettext
from .loading import stated_by
from .model import Model
from .ops.activation import BY_NAME
from .parameters import Named
from .run import Run
from .tensor import Parameter
from .trace import Trace

CHOICES = {"activation": tuple(BY_NAME), "norm": ("post", "pre")}
"""The words that settings may have, by their names."""


@dataclass(frozen=True, eq=False)
class Trained(OfModel):
    """What a value puts in place of trained numbers; the address is a parameter, with selectors."""

    value: Value

    def changes(self, parameters: Named, edit: Edit, path: str) -> bool:
        there = parameters.get(edit.address.path)
        return there is not None and there.path == path

    def changed(self, model: Model, edit: Edit) -> Model:
        name = name_of(model.named, edit)
        there = model.named.get(name)
        assert there is not None
        stored = {parameter.path: key for key, parameter in model.parameters.items()}
        key = stored[there.path]
        whole = model.parameters[key].copied()
        after = model.having({key: whole})
        target = after.named.get(name)
        assert target is not None
        where = target.locate(edit.address.selectors)
        part = there.cut(where)
        target.array[where] = fitted(self.value.put(part, edit.address.selectors), part, edit)
        whole.array.setflags(write=False)
        return after

    def count(self, before: Model, after: Model, edit: Edit) -> str:
        ours, theirs = (_numbers(model, edit) for model in (before, after))
        n = int(np.count_nonzero((ours != theirs) & ~((ours != ours) & (theirs != theirs))))
        if not n:
            return _("NOTHING CHANGED: the parameter had these values already")
        told = ngettext("{n} of {total} trained number changed", "{n} of {total} trained numbers changed", ours.size)
        return told.format(n=n, total=ours.size)

    def told(self, address: str) -> str:
        return _("parameter {address} = {value}").format(address=address.removeprefix("@*:"), value=self.value)

    def __str__(self) -> str:
        return str(self.value)


def name_of(parameters: Named, edit: Edit) -> str:
    """The full name of the parameter that an edit is of.

    Raises:
        AddressError: there is none, or there are several.
        SelectorError: it has no such cells.
    """
    path = edit.address.path
    found = parameters.find(path)
    if len(found) > 1:
        raise AddressError(_("{path} is several parameters; name one").format(path=path))
    if not found:
        nearest = suggestion(path, parameters.names)
        hint = _("; did you mean {nearest}?").format(nearest=nearest) if nearest else ""
        raise AddressError(_("there is no parameter {path}{hint}").format(path=path, hint=hint))
    ((name, parameter),) = found.items()
    parameter.locate(edit.address.selectors)
    return name


def changing(edits: Iterable[Edit], parameters: Named, path: str) -> list[Edit]:
    """Those of some edits that are of a parameter, by its path in the file."""
    return [edit for edit in edits if isinstance(edit.value, OfModel) and edit.value.changes(parameters, edit, path)]


def as_trained(run: Trace, before: Trace) -> Trace:
    """A fresh run, of the model as training has left it in another one, where both are of the same checkpoint."""
    if not (isinstance(before, Run) and isinstance(run, Run) and before.model.contents is run.model.contents):
        return run
    edits = lasting(before.edits)
    return run.of(changed(run.model, edits)).adopted(run, *edits) if edits else run


def _numbers(model: Model, edit: Edit) -> Any:
    found: Parameter | None = model.named.get(name_of(model.named, edit))
    assert found is not None
    return found.select(edit.address.selectors).array


@dataclass(frozen=True, eq=False)
class Configured(OfModel):
    """Another value for a key of config.json, or for a setting by its name here; the address is that key."""

    value: Any

    def changed(self, model: Model, edit: Edit) -> Model:
        return model.restated(**settings_of(model, {edit.address.path: self.value}))

    def count(self, before: Model, after: Model, edit: Edit) -> str:
        changed = [
            f"{field.name} {_brief(ours)} → {_brief(theirs)}"
            for field in fields(before.config)
            if (ours := getattr(before.config, field.name)) != (theirs := getattr(after.config, field.name))
        ]
        return ", ".join(changed) or _("NOTHING CHANGED: this is what the model has")

    def told(self, address: str) -> str:
        return _("config {address} = {value}").format(address=address.removeprefix("@*:"), value=self)

    def __str__(self) -> str:
        return str(self.value)


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) < 40 else "…"


def settings_of(model: Model, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings that are others if values stand under keys of config.json, or of settings by their names here.

    Raises:
        InputError: there is no such key, or a value is not what it should be.
    """
    kind, stated = type(model.architecture), stated_by(model)
    plain = kind.configure(stated)
    in_file = {key: value for key, value in values.items() if key in stated.taken}
    by_name = [_by_name(model, key, value) for key, value in values.items() if key not in in_file]
    for key, value in in_file.items():
        stated = stated.having(stated.name_of(key), value)
    other = kind.configure(stated)
    settings = {field.name: (getattr(other, field.name), getattr(plain, field.name)) for field in fields(plain)}
    found = {name: after for name, (after, before) in settings.items() if after != before or name in in_file}
    return reduce(or_, by_name, found)


def _by_name(model: Model, key: str, value: Any) -> Mapping[str, Any]:
    """A setting by its name here."""
    settings = {field.name: getattr(model.config, field.name) for field in fields(model.config)}
    known = {name: now for name, now in settings.items() if isinstance(now, bool | float) or name in CHOICES}
    if key not in known:
        offered = ", ".join(_keys(model))
        raise InputError(_("{name} states no {key}; it has {known}").format(name=model.name, key=key, known=offered))
    if key in CHOICES:
        fits, expected = value in CHOICES[key], " / ".join(CHOICES[key])
    elif isinstance(known[key], bool):
        fits, expected = isinstance(value, bool), _("true or false")
    else:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        expected = _("a number from 0")
    if not fits:
        raise InputError(_("{key} is {value}; expected {expected}").format(key=key, value=value, expected=expected))
    return {key: float(value) if isinstance(known[key], float) else value}


def keys_of(run: Run) -> Mapping[str, Any]:
    """What can be set of the model of a run: keys that config.json has or may have, and settings by their names."""
    return _keys(run.model)


def _keys(model: Model) -> Mapping[str, Any]:
    stated = stated_by(model)
    type(model.architecture).configure(stated)
    settings = {field.name: getattr(model.config, field.name) for field in fields(model.config)}
    named = {name: now for name, now in settings.items() if isinstance(now, bool | float) or name in CHOICES}
    return {**{key: value for key, value in stated.taken.items() if not isinstance(value, dict)}, **named}
