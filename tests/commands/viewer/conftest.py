"""Viewers to press keys on, and real terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from terminal import Terminal

from commands.viewer.subject import Computed, Subject
from commands.viewer.viewer import Viewer
from tracer.addresses import At
from tracer.render.sheet import Sheet
from tracer.tensor import Axis, Tensor

QUERY = ["<s>", "▁i", "▁love", "北京"]
KEY = ["我", "爱", "北京", "天安门", "</s>"]


@pytest.fixture
def tensor() -> Tensor:
    """[head 2, query 4, key 5]: the cell (h, i, j) is h + i / 10 + j / 100."""
    h, i, j = np.ogrid[:2, :4, :5]
    return Tensor(h + i / 10 + j / 100, (Axis("head"), Axis("query", QUERY), Axis("key", KEY)), "x", At(1))


Open = Callable[..., Viewer]


@pytest.fixture
def open_on() -> Open:
    """Open a viewer on a tensor and press keys."""

    def start(tensor: Tensor, *keys: str, width: int = 80, height: int = 12, **page: Any) -> Viewer:
        viewer = Viewer(Subject(tensor, tensor.address, Computed("x")), Sheet(width=width, **page), height)
        viewer.frame()
        for key in keys:
            viewer.press(key)
        return viewer

    return start


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Start ``tx-trace`` on a terminal."""
    started: list[Terminal] = []

    def start(*arguments: str, columns: int = 80, lines: int = 24, **environ: str) -> Terminal:
        started.append(Terminal(columns, lines, *arguments, **environ))
        return started[-1]

    yield start
    for each in started:
        each.close()
