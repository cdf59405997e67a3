"""Checkpoints as they may be published: the fixtures with other settings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import tracer

from ..conftest import FIXTURES


def changed(directory: Path, name: str, **stated: Any) -> Path:
    """A fixture with other settings in config.json; ``...`` takes one away."""
    shutil.copytree(FIXTURES / name, directory, dirs_exist_ok=True)
    path = directory / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | stated
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not ...}), encoding="utf-8")
    return directory


def notes(path: Path | str) -> list[str]:
    """What is told of a checkpoint unasked."""
    return [decision.what for decision in tracer.load(path).decisions if decision.odd]
