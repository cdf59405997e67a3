"""Keywords that a function takes as ``**``, spelled out in its signature for help and completion."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def taking(keywords: Iterable[inspect.Parameter]) -> Callable[[Function], Function]:
    """Say of a function that its last parameter, which is ``**``, stands for these."""

    def spelled_out(function: Function) -> Function:
        signature = inspect.signature(function, eval_str=True)
        *named, _others = signature.parameters.values()
        also = (keyword.replace(kind=inspect.Parameter.KEYWORD_ONLY) for keyword in keywords)
        function.__signature__ = signature.replace(parameters=[*named, *also])  # type: ignore[attr-defined]
        return function

    return spelled_out
