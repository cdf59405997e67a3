"""What every mistake is: one object that knows where it can be made, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ..dataclass import dataclass
from ..edits import Call, Edit, OfModel, Otherwise
from ..errors import AddressError, InputError
from ..i18n import Message, _, spoken
from ..parameters import Named

EVERYWHERE = "**"
"""The address of every record."""


@dataclass(frozen=True, eq=False)
class Mistake(Otherwise):
    """One way in which people get an operation wrong.

    A subclass says in `wrong` which call it makes of one that a model makes. That is a function of the call alone, and
    of the ``parameters`` of the model where some are taken for others, so that it can be made on anybody's inputs. The
    singleton beside each class, or the first of its ``variants``, is in the catalogue.
    """

    name: ClassVar[str]
    sentence: ClassVar[Message]
    """What is wrong, in a line."""
    where: ClassVar[Message]
    """Where to look in a port, in a line."""
    needs: ClassVar[Message]
    """What a model must have for it."""
    variants: ClassVar[Sequence[str]] = ()
    places: ClassVar[Mapping[str, Message]] = {}
    """Where to look for one of its variants, where that is said more closely than in `where`."""

    variant: str = ""
    parameters: Named | None = None

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def wrong(self, call: Call) -> Call | None:
        """The call to make in place of one; None where it is not one to be got wrong so."""
        raise NotImplementedError

    def varied(self, variant: str) -> Mistake:
        """The same in one of its variants, the first if none is named; raises `InputError` if there is none such."""
        if variant and variant not in self.variants:
            known = ", ".join(self.variants) or _("none")
            told = _("{name} has no variant {variant!r}; it has {known}")
            raise InputError(told.format(name=self.name, variant=variant, known=known))
        return replace(self, variant=variant or next(iter(self.variants), ""))

    @property
    def hint(self) -> Message:
        """Where to look for this variant of it."""
        return self.places.get(self.variant, self.where)

    def instead(self, call: Call) -> Call | None:
        return self.wrong(call)

    def nowhere(self, address: object, known: Sequence[str]) -> AddressError:
        told = _("{name} applies to {needs}; there is nothing of the kind here")
        if getattr(address, "path", EVERYWHERE) != EVERYWHERE:
            told = _("{name} applies to {needs}; there is nothing of the kind at {address}")
        return AddressError(told.format(name=self, needs=spoken(self.needs), address=address))

    def told(self, address: str) -> str:
        path = address.removeprefix("@*:")
        return f"mistake {self}" if path == EVERYWHERE else f"mistake {self} at {path}"

    def __str__(self) -> str:
        return f"{self.name} {self.variant}".strip()


class OneOf(Mistake):
    """A mistake whose variants are what stands in place of the right thing; if none is named, it is the `usual` one."""

    def varied(self, variant: str) -> Mistake:
        """The same in one of its variants, or as it is if none is named; raises `InputError` if there is none such."""
        return replace(super().varied(variant), variant=variant)

    def usual(self, call: Call) -> str:
        """The variant that stands there most often."""
        raise NotImplementedError

    def chosen(self, call: Call) -> str:
        """The variant that is named, else the usual one."""
        return self.variant or self.usual(call)


class Restated(Mistake, OfModel):
    """A mistake of no single operation, which another configuration makes: `settings` says which."""

    def settings(self, config: Any) -> Mapping[str, Any]:
        """What the configuration says otherwise; nothing where it can't be got wrong so."""
        raise NotImplementedError

    def wrong(self, call: Call) -> Call | None:
        return None

    def changed(self, model: Any, edit: Edit) -> Any:
        settings = self.settings(model.config)
        if not settings:
            raise self.nowhere(edit.address, ())
        return model.restated(**settings)

    def count(self, before: Any, after: Any, edit: Edit) -> str:
        changed = self.settings(before.config)
        return ", ".join(f"{key} {getattr(before.config, key)} → {value}" for key, value in changed.items())
