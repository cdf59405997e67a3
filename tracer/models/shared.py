"""One tensor at several places, as the embeddings and an output projection tied to them.

The rule is that of transformers' ``tie_weights``: what config.json ties is one tensor only as far as the file agrees.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..i18n import N_, Message
from ..namedtuple import NamedTuple
from ..tensor import Parameter


class Shared(NamedTuple):
    """The names that a file may have one tensor under; where it has none of a name, the first that it has stands in.

    ``apart`` are the names that config.json states to be tensors of their own, by its ``key``.
    """

    names: tuple[str, ...]
    apart: Collection[str]
    key: str

    def first(self, found: Collection[str]) -> str:
        """The name of those found that stands in for others."""
        return next(name for name in self.names if name in found)

    def without(self, prefix: str) -> Shared:
        """The same without the names that begin so."""
        return self._replace(names=tuple(name for name in self.names if not name.startswith(prefix)))

    def others(self, found: Collection[str]) -> Iterator[str]:
        """The names found beside the first of which config.json does not state that they are tensors of their own."""
        first = self.first(found)
        return (name for name in self.names if name in found and name not in {first, *self.apart})

    def surprises(self, parameters: Mapping[str, Parameter]) -> Iterator[tuple[str, Message]]:
        """The names of which the file has not what config.json states, and what becomes of each."""
        first = self.first(parameters)
        for name in self.names:
            told = {"key": self.key, "name": name, "first": parameters[first].address}
            if name in parameters and name not in {first, *self.apart}:
                what = N_("{name} of the file is used: it differs from {first}, though config.json states {key} = true")
                yield name, what.format(**told | {"name": parameters[name].address})
            elif name in self.apart and name not in parameters:
                what = N_(
                    "{first} is used for {name}, which is not in the file, though config.json states {key} = false"
                )
                yield name, what.format(**told)
