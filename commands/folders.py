"""Where the program keeps what is not its user's work."""

from __future__ import annotations

import os
from pathlib import Path


def config_folder() -> Path:
    """Holds the configuration file."""
    return _folder("XDG_CONFIG_HOME", ".config")


def state_folder() -> Path:
    """Holds the lines typed before and the last session."""
    return _folder("XDG_STATE_HOME", ".local/state")


def _folder(variable: str, usual: str) -> Path:
    """The folder of a variable, which counts only if it is absolute, else the usual one at home."""
    stated = Path(os.environ.get(variable, ""))
    return (stated if stated.is_absolute() else Path(os.path.expanduser("~"), usual)) / "tx-trace"
