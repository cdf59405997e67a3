"""What wrappers of torch's have put before the names of tensors: it is left out, and that is said."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..decisions import PARAMETERS, Decisions
from ..i18n import N_
from .stored import Stored

WRAPPERS = ("module.", "_orig_mod.")
"""What torch's DataParallel, and its compile, put there."""


def unwrapped(tensors: Mapping[str, Stored], decisions: Decisions) -> Mapping[str, Stored]:
    """The tensors by the names that they have in the model alone."""
    prefix = _before(tensors)
    if not prefix:
        return tensors
    decisions.take(PARAMETERS, N_("read without the {prefix} before every name").format(prefix=prefix))
    return {name.removeprefix(prefix): stored.called(name.removeprefix(prefix)) for name, stored in tensors.items()}


def _before(names: Collection[str]) -> str:
    """What stands before every name."""
    first, prefix = next(iter(names), ""), ""
    while wrapper := next((w for w in WRAPPERS if first.startswith(prefix + w)), ""):
        prefix += wrapper
    return prefix if all(name.startswith(prefix) for name in names) else ""
