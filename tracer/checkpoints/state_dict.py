"""The state dict in a file of torch's: the one dictionary of tensors, whatever stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..decisions import PARAMETERS, Decisions
from ..i18n import N_, _
from ..listed import listed
from ..outward import visible
from .stored import Stored
from .torch_tensor import TorchTensor
from .torch_zip import TorchZip

USUAL = ("state_dict", "model_state_dict", "model", "module", "net", "weights", "params")
"""What training scripts call the model's tensors, the likeliest first, where they save other things beside it."""

DEEPEST = 3
"""dictionaries in one another, of which the innermost may be a state dict"""


def state_dict(path: Path, decisions: Decisions) -> Mapping[str, Stored]:
    """The tensors of a file by name; where they are not all that there is, that is said.

    Raises:
        InputError: the file is none of torch's, has no such dictionary or several, or a type that can't be read.
    """
    file = TorchZip(path)
    found = {keys: tensors for keys, tensors in _dictionaries(file.tree, ()).items() if "optimizer" not in keys}
    keys = _chosen(file, found)
    if keys:
        decisions.note(PARAMETERS, N_("only {key} of {file} is read").format(file=path.name, key=_shown(keys)))
    tensors = {name: part for name, part in found[keys].items() if isinstance(part, TorchTensor)}
    if others := [name for name in found[keys] if name not in tensors]:
        told = N_("what {file} has beside tensors is not read: {names}")
        decisions.take(PARAMETERS, told.format(file=path.name, names=listed(_shown([name]) for name in others)))
    return {name: tensor.named(name) for name, tensor in tensors.items()}


def _dictionaries(tree: Any, keys: tuple[str, ...]) -> Mapping[tuple[str, ...], Mapping[str, Any]]:
    """Every dictionary with a tensor by name in it, by the names under which it lies; none within another of them."""
    if not isinstance(tree, dict) or not all(isinstance(key, str) for key in tree) or len(keys) > DEEPEST:
        return {}
    if any(isinstance(part, TorchTensor) for part in tree.values()):
        return {keys: tree}
    inner = (_dictionaries(part, (*keys, key)) for key, part in tree.items())
    return {place: tensors for found in inner for place, tensors in found.items()}


def _chosen(file: TorchZip, found: Mapping[tuple[str, ...], Any]) -> tuple[str, ...]:
    """Where the state dict lies: the only dictionary of tensors, or the one that is called as usual."""
    if not found:
        raise file.error(_("holds no tensors by name; save model.state_dict() with torch.save"))
    usual = [keys for name in USUAL for keys in found if keys == (name,)]
    if len(found) > 1 and not usual:
        raise file.error(
            _("holds several dictionaries of tensors: {names}; save only the model's").format(
                names=listed(map(_shown, found))
            )
        )
    return usual[0] if usual else next(iter(found))


def _shown(keys: Sequence[str]) -> str:
    return visible(".".join(keys))
