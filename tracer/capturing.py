"""Writing down what a live module of torch computes: a dump that `compare` reads.

Torch is the caller's. Nothing is imported of it: a module is what has named modules with forward hooks, and a tensor
what can be detached and brought to NumPy.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from .checkpoints.stored import DTYPES
from .checkpoints.torch_tensor import NUMBERS
from .checkpoints.writing import Planned, write_tensors
from .errors import InputError
from .i18n import _
from .tensor import Array

_METADATA = {"writer": "tx-trace capture"}
_SUFFIXES_OF_OTHERS = (".npz", ".npy", ".pt", ".pth", ".bin", ".json")
_MAIN = "last_hidden_state"
"""The field that is a module's output, where it yields several by name."""
_DEEPEST = 4
"""tuples within tuples that are looked into"""


class _Stored(NamedTuple):
    """A tensor as it goes into a file; its numbers are a copy."""

    dtype: str
    array: Array


def capture(module: Any, inputs: Any, path: str | Path, only: str | Sequence[str] | None = None) -> list[str]:
    """Run a module of torch once, and write what it computes to a safetensors file, whole or not at all.

    The module is called as it stands, without gradients; ``inputs`` are keywords, a sequence, or one tensor. Written
    are, under these names and in the order in which they were computed:

    - the inputs, under the names of the parameters: ``input_ids``, ``attention_mask``, …;
    - what every module within yields, under its path (``model.layers.0.self_attn.q_proj``); of a module that is called
      again, ``PATH#1``, ``PATH#2``, …; of a tuple or list the first, of fields ``last_hidden_state`` or else the first;
      and the others, such as attention weights, as ``PATH.output.1`` or ``PATH.output.FIELD`` where they are not
      written yet as what a module yields;
    - what is returned, under the names that it has there: ``logits``, ``hidden_states.0``, … A tensor alone, or the
      first of a tuple, is ``logits``.

    ``only`` are the names wanted beside the inputs, with ``*`` and ``?``. Numbers keep their type, bf16 and f16 too;
    complex ones are left out, which such a file does not have.
    Attention weights are there if the module yields them: models of transformers do with
    ``attn_implementation="eager"``.

    Returns the names.

    Raises:
        InputError: it is no module, or it is in training mode, or so is one within that has dropout or counts on its
            statistics, which makes each pass another (call ``eval()`` first: that is not done on the quiet); nothing
            matches ``only``; the file can't be written, or its name is that of one of another format.
    """
    if not hasattr(module, "named_modules"):
        told = _("what is to be captured is {kind}; expected a module of torch, such as a model")
        raise InputError(told.format(kind=type(module).__name__))
    _check_eval(module)
    _check_name(Path(path))
    wanted = [only] if isinstance(only, str) else only
    given = _by_name(module, inputs)
    kept = _Kept(wanted)
    with _watched(module, kept), _no_gradients():
        returned = module(**inputs) if isinstance(inputs, Mapping) else module(*_sequence(inputs))
    kept.returned(returned)
    if wanted is not None and not kept.tensors:
        raise InputError(_("nothing that the module computes is called {globs}").format(globs=", ".join(wanted)))
    tensors = {name: _stored(tensor) for name, tensor in given.items()} | kept.tensors
    planned = [Planned(name, array.shape, array.dtype, stored) for name, (stored, array) in tensors.items()]
    write_tensors(Path(path), _METADATA, planned, ((name, array) for name, (_stored_as, array) in tensors.items()))
    return list(tensors)


def _check_eval(module: Any) -> None:
    """Insist that nothing makes a pass another than the one before it."""
    for name, part in module.named_modules():
        if getattr(part, "training", False) and (part is module or _varies(part)):
            told = _("{name} is in training mode, where every pass may be another; call eval() of the whole first")
            raise InputError(told.format(name=name or type(module).__name__))


def _varies(part: Any) -> bool:
    """Whether a module in training drops numbers, or goes by statistics that it counts on."""
    drops = [value for name, value in vars(part).items() if name == "p" or "drop" in name]
    return bool(getattr(part, "track_running_stats", False)) or any(type(p) in (int, float) and p > 0 for p in drops)


def _check_name(path: Path) -> None:
    """Insist that a file is not called as one of another format is."""
    if path.suffix.lower() in _SUFFIXES_OF_OTHERS:
        told = _("{path}: what is captured is written as safetensors; call the file {name}")
        raise InputError(told.format(path=path, name=path.with_suffix(".safetensors").name))


class _Kept:
    """The tensors of a pass by name, copied as they come."""

    def __init__(self, wanted: Sequence[str] | None) -> None:
        self.tensors: dict[str, _Stored] = {}
        self._wanted = wanted
        self._calls: dict[str, int] = {}
        self._yielded = WeakValueDictionary[int, Any]()

    def output(self, name: str, output: Any) -> None:
        """What one call of a module yields."""
        fields = _fields(output)
        main = _main(fields)
        if main is None:
            return
        call = self._calls[name] = self._calls.get(name, -1) + 1
        suffix = f"#{call}" if call else ""
        self._yield(name + suffix, fields[main])
        for field, other in fields.items():
            if field != main and _is_real(other) and id(other) not in self._yielded:
                self._yield(f"{name}{suffix}.output.{field}", other)

    def returned(self, returned: Any) -> None:
        """What the whole module yields."""
        for field, value in _fields(returned).items():
            name = field if isinstance(field, str) else f"output.{field}" if field else "logits"
            for place, tensor in _tensors(name, value):
                self._keep(place, tensor)

    def _yield(self, name: str, tensor: Any) -> None:
        if self._keep(name, tensor):
            self._yielded[id(tensor)] = tensor

    def _keep(self, name: str, tensor: Any) -> bool:
        wanted = self._wanted is None or any(fnmatchcase(name, glob) for glob in self._wanted)
        if wanted:
            self.tensors[name] = _stored(tensor)
        return wanted


def _fields(yielded: Any) -> Mapping[Any, Any]:
    """What a module yields, by name, or by place where it has no names."""
    if isinstance(yielded, Mapping):
        return yielded
    if hasattr(yielded, "_asdict"):
        found: Mapping[str, Any] = yielded._asdict()
        return found
    if isinstance(yielded, tuple | list):
        return dict(enumerate(yielded))
    return {0: yielded} if _is_tensor(yielded) else getattr(yielded, "__dict__", {})


def _main(fields: Mapping[Any, Any]) -> Any:
    """Which field is a module's output: that at the first place, or the first tensor that has a name."""
    found = [field for field, value in fields.items() if _is_real(value)]
    wanted = [0] if 0 in fields else [_MAIN, *found]
    return next((field for field in wanted if field in found), None)


def _tensors(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """A tensor, or those of a tuple by their places."""
    if _is_real(value):
        yield name, value
    elif isinstance(value, tuple | list) and depth < _DEEPEST:
        for n, part in enumerate(value):
            yield from _tensors(f"{name}.{n}", part, depth + 1)


@contextmanager
def _watched(module: Any, kept: _Kept) -> Iterator[None]:
    """Keep what the modules within yield, as long as this lasts."""
    with ExitStack() as stack:
        for name, part in module.named_modules():
            if name:
                stack.callback(part.register_forward_hook(_hook(kept, name)).remove)
        yield


def _hook(kept: _Kept, name: str) -> Any:
    return lambda _module, _given, output: kept.output(name, output)


def _no_gradients() -> Any:
    """Without a graph for gradients, where torch is loaded."""
    torch = sys.modules.get("torch")
    return nullcontext() if torch is None else torch.no_grad()


def _by_name(module: Any, inputs: Any) -> Mapping[str, Any]:
    """The tensors that a module is given, by the names of its parameters."""
    named: Mapping[str, Any]
    if isinstance(inputs, Mapping):
        named = inputs
    else:
        names = [*inspect.signature(module.forward).parameters]
        named = {names[n] if n < len(names) else f"inputs.{n}": value for n, value in enumerate(_sequence(inputs))}
    return {name: value for name, value in named.items() if _is_real(value)}


def _sequence(inputs: Any) -> Sequence[Any]:
    """One tensor alone stands for one input."""
    return [inputs] if _is_tensor(inputs) else inputs


def _is_tensor(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("detach", "dtype", "shape"))


def _is_real(value: Any) -> bool:
    """Whether it is a tensor whose numbers a file can hold."""
    return _is_tensor(value) and "complex" not in str(value.dtype)


def _stored(tensor: Any) -> _Stored:
    """The numbers of a tensor, copied: what comes later may be written over them.

    Those of types that a file does not have are written as F32 or I64, which hold them.
    """
    kind, tensor = str(tensor.dtype), tensor.detach().cpu()
    stored = NUMBERS.get(kind, "")
    if stored == "BF16":
        return _Stored("BF16", (np.array(tensor.float().numpy()).view(np.uint32) >> 16).astype(np.uint16))
    if stored in DTYPES:
        return _Stored(stored, np.array(tensor.numpy()))
    if "float" in kind:
        return _Stored("F32", np.array(tensor.float().numpy()))
    return _Stored("I64", np.array(tensor.long().numpy()))
