"""Reading what `torch.save` writes since torch 1.6, without torch and without running its pickle.

The file is a zip archive: a pickle, in which tensors say which storage they are a view of, and a member for the numbers
of each storage. The names that it may ask for are a closed list: those that rebuild tensors, types of numbers and
dictionaries; and the classes of transformers' outputs and caches, which are taken for what they hold.
Format: `torch/serialization.py` and `torch/_utils.py` of PyTorch.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ..errors import InputError
from ..i18n import N_, _, spoken
from ..outward import visible
from .archive import Archive
from .kinds import ENOUGH, TOLD, kind_of
from .pickled import Global, Meaning, Passive, described
from .stored import ParameterFile
from .torch_tensor import NUMBERS, STORAGES, Storage, TorchTensor, itemsize

PLAIN = N_("is a plain pickle, which can run anything and is not opened; write its tensors with torch.save")

PICKLE = "/data.pkl"
LONGEST_PICKLE = 1 << 25
"""bytes"""

UNTYPED = {"torch.storage.UntypedStorage", "torch.storage._UntypedStorage", "torch.UntypedStorage"}
REBUILT = "torch._utils._rebuild_"
CALLED = {
    *(f"{REBUILT}{what}" for what in ("tensor", "tensor_v2", "tensor_v3", "parameter", "parameter_with_state")),
    *("torch._tensor._rebuild_from_type_v2", "torch.Size", "torch.device"),
    *("collections.OrderedDict", "collections.defaultdict"),
}
NAMED = {
    *("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"),
    *(f"{builtins}.{kind}" for builtins in ("builtins", "__builtin__") for kind in ("list", "dict", "int", "float")),
}
"""What may be asked for and isn't called: the class that a tensor is of, and what a dictionary begins with."""

KNOWN: tuple[Collection[str], ...] = (CALLED, NAMED, UNTYPED, STORAGES, NUMBERS)
NETWORK = r"transformers\.models\.\w+\.modeling_\w+\.(?!\w*Output$)\w+(Model|For[A-Z]\w+)$"
"""What transformers calls models, whose outputs and caches are read."""

UNOPENED = {
    r"torch\._utils\._rebuild_qtensor|torch\.(Q|q|Quint|quint)\w*\d\w*|(bitsandbytes|torchao|hqq|quanto|optimum)\.": N_(
        "holds quantised tensors ({name}), which are not supported; save the model as F32, F16 or BF16"
    ),
    r"torch\._utils\._rebuild_sparse|torch\.serialization\._get_layout": N_(
        "holds sparse tensors ({name}), which are not opened; save them dense: tensor.to_dense()"
    ),
    r"torch\._utils\._rebuild_meta": N_(
        "holds tensors without numbers ({name}): they were saved from torch's meta device; load the model before saving"
    ),
    rf"torch\.nn\.|__main__\.|__torch__\.|{NETWORK}": N_(
        "is a whole model, pickled (it asks for {name}), which is not opened; save its tensors alone: "
        "torch.save(model.state_dict(), file)"
    ),
    "": N_("asks for {name}, which is not opened; save tensors alone, in dictionaries, lists and tuples"),
}
"""What is said of other names, by what they begin with."""

PASSIVE = re.compile(r"transformers(\.[a-z_0-9]+)+\.[A-Za-z_0-9]+")


class TorchZip:
    """A file of torch's.

    Raises:
        InputError: it can't be read, is of another kind, or is broken.
    """

    def __init__(self, path: Path) -> None:
        _check_kind(path)
        self._archive = Archive(path)
        root = next((name for name in self._archive.members if name.endswith(PICKLE)), None)
        if root is None:
            raise self._archive.error(spoken(TOLD["zip"]))
        self._root = root.removesuffix(PICKLE)

    @cached_property
    def tree(self) -> Any:
        """What was saved: a `TorchTensor`, a number, a string, or such in dictionaries, lists and tuples.

        Raises:
            InputError: something else was saved, or a tensor is no view of its storage.
        """
        member = self._archive.members[self._root + PICKLE]
        if member.size > LONGEST_PICKLE:
            raise self._archive.error(_("its pickle has more than {n} bytes").format(n=LONGEST_PICKLE))
        meaning = Meaning(_refused, self._called, self._storage, self._archive.error)
        return described(self._archive.head(member, member.size), meaning)

    def error(self, what: str) -> InputError:
        """What is wrong with this file."""
        return self._archive.error(what)

    @cached_property
    def _order(self) -> Literal["<", ">"]:
        """The order of the bytes of a number, which old files leave out."""
        member = self._archive.members.get(f"{self._root}/byteorder")
        stated = b"little" if member is None else bytes(self._archive.head(member, 8))
        if stated not in (b"little", b"big"):
            raise self._archive.error(_("states no order of bytes that is known; expected little or big"))
        return "<" if stated == b"little" else ">"

    def _storage(self, stated: Any) -> Storage:
        match stated:
            case "storage", Global(name), str(key), _location, int(count), *_rest if name in {*STORAGES, *UNTYPED}:
                member = self._archive.members.get(f"{self._root}/data/{key}")
                dtype = STORAGES.get(name)
            case _:
                raise self._archive.error(_("its pickle is broken"))
        if member is None or not 0 <= count * itemsize(dtype) <= member.size:
            told = _("storage {key} is missing, or shorter than it says; is the file cut short?")
            raise self._archive.error(told.format(key=visible(key)))
        return Storage(self._archive, member, dtype, self._order)

    def _called(self, name: str, given: tuple[Any, ...]) -> Any:
        """What comes of a name that is called."""
        match name.removeprefix(REBUILT), given:
            case "tensor" | "tensor_v2", (Storage(dtype=str(dtype)) as storage, offset, shape, strides, *_rest):
                return storage.view(dtype, offset, shape, strides)
            case "tensor_v3", (Storage() as storage, offset, shape, strides, _grad, _hooks, Global(kind), *_rest):
                return storage.view(NUMBERS.get(kind, kind), offset, shape, strides)
            case "parameter" | "parameter_with_state", (TorchTensor() as tensor, *_rest):
                return tensor
            case "torch._tensor._rebuild_from_type_v2", (Global(rebuilt), Global(), tuple(inner), _state) if (
                rebuilt.startswith(REBUILT)
            ):
                return self._called(rebuilt, inner)
            case "torch.Size", (tuple(sizes),):
                return sizes
            case "torch.device", (str(device), *_rest):
                return device
            case "collections.OrderedDict" | "collections.defaultdict", () | (Global(),):
                return {}
            case _ if PASSIVE.fullmatch(name):
                return Passive()
        raise self._archive.error(_("its pickle calls {name} in an unknown way").format(name=visible(name)))


def _refused(name: str) -> str | None:
    """Why a name is not opened; None where it is."""
    if any(name in names for names in KNOWN) or (PASSIVE.fullmatch(name) and not re.match(NETWORK, name)):
        return None
    return spoken(next(told for pattern, told in UNOPENED.items() if re.match(pattern, name)))


def _check_kind(path: Path) -> None:
    """Insist that a file is a zip archive; what it is instead is told."""
    file = ParameterFile(path)
    head = bytes(file.read(0, min(ENOUGH, file.size)))
    kind = kind_of(head)
    if kind is not None and not head.startswith(b"PK"):
        raise file.error(spoken(PLAIN if kind == "pickle" else TOLD[kind]))
