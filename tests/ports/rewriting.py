"""Rewriting lines of somebody else's code: a port goes wrong in a line."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, NamedTuple

from torch import nn


class Lines(NamedTuple):
    """What stands in a function, and what to put in its place; ``nth`` is which of several, counted from 0."""

    before: str
    after: str
    nth: int = 0


def rewrite(module: nn.Module, **changes: Sequence[Lines] | Callable[..., Any]) -> None:
    """Give one module a ``forward`` of its own, in which functions of its file have other lines.

    ``changes`` are by the name of a function of that file, or ``forward``: other lines, or another function.
    """
    kind = type(module)
    namespace = dict(vars(sys.modules[kind.__module__]))
    forward = changes.pop("forward", ())
    assert not callable(forward)
    for name, change in changes.items():
        if callable(change):
            namespace[name] = change
        else:
            exec(changed(namespace[name], change), namespace)
    exec(changed(kind.forward, forward), namespace)
    module.forward = MethodType(namespace["forward"], module)


def changed(function: Callable[..., Any], lines: Sequence[Lines]) -> str:
    """The source of a function with other lines."""
    source = textwrap.dedent(inspect.getsource(function))
    for before, after, nth in lines:
        parts = source.split(before)
        assert len(parts) > nth + 1, f"{function.__qualname__} has not {nth + 1} times {before!r}"
        source = before.join(parts[: nth + 1]) + after + before.join(parts[nth + 1 :])
    return source
