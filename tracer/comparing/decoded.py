"""Ids that decoding yields, as a reference has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..checkpoints.json_file import read_json_if_there
from ..decoding.settings import Settings
from ..dumps.dump import Dump
from ..model import Model
from ..run import Run
from .check import Check, State
from .given import BATCH, Pass, is_of, name_of
from .held import Held
from .ids import rows

DECODED: Mapping[str, Mapping[str, Any]] = {
    "greedy.ids": {"strategy": "greedy"},
    "beam4.ids": {"strategy": "beam", "beams": 4},
}
"""The names of such ids, and the settings that they were decoded with."""

LIMIT, MOST = 12, 1 << 16
"""The most tokens that were decoded where nothing is stated, and how many may be stated."""


class Facts:
    """What is stated of how a reference was made, in a JSON file of its name beside it, if there is one.

    ``noise`` is how far rounding to float32 took its logits, ``limit`` the most tokens that decoding yielded.
    """

    def __init__(self, path: Path) -> None:
        stated = read_json_if_there(path.with_suffix(".json")) or {}
        noise = _number(stated, "checks", "float32_vs_float64_logits", 0.0)
        limit = _number(stated, "generation", "max_new_tokens", LIMIT)
        self.noise = noise if 0 <= noise < 1 else 0.0
        self.limit = int(limit) if 1 <= limit <= MOST else LIMIT


def _number(stated: Mapping[str, Any], part: str, name: str, usual: float) -> float:
    found = stated.get(part)
    number = found.get(name) if isinstance(found, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return usual
    return number


def settings(name: str, facts: Facts | None) -> Settings:
    """Those that ids of a name were decoded with."""
    return Settings.of(max_tokens=facts.limit if facts else LIMIT, **DECODED[name.removeprefix(BATCH)])


def decoded(model: Model, dump: Dump, given: Pass, facts: Facts | None) -> Iterator[Check]:
    """The ids that decoding yields from what went in, one check each: every one must be the same."""
    for entry in dump.entries:
        name = name_of(entry)
        if name.removeprefix(given.prefix) not in DECODED or not is_of(entry, given):
            continue
        run = Run(model, given.source, settings(name, facts), mask=given.mask, positions=given.positions)
        found = rows(entry, dump.path)
        theirs = found[given.row * len(found) // given.rows][len(run.texts[-1]) :]
        ours = run.decode(record=False).output_ids
        differing = sum(a != b for a, b in zip(ours, theirs, strict=False)) + max(0, len(ours) - len(theirs))
        state: State = "adds" if differing else "agrees"
        yield Check(entry.name, name, None, state, Held(float(differing), 0.0, len(ours)), cells=len(ours), given=given)
