"""From a name as a dump has it to the records that it may be of, however it is spelt there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..tape import Record

Known = Mapping[str, Sequence[Record]]
"""The records that a name may be of, the likeliest first."""


class Meaning(NamedTuple):
    """A name without what programs put around it, and the call of its module that is meant, counted from 0."""

    path: str
    call: int = 0


WRAPPERS = {"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "base_layer"}
"""Segments that wrappers of modules put in between."""
BASES = ("model", "transformer", "base_model.model", "language_model")
"""What a model is called within another."""
BEGINNINGS = {"model", "transformer", "encoder", "decoder"}
"""How names of modules begin."""
OURS = ("ggml:", "@")
"""How names begin that are spelt in one way."""
LONGEST = 1024
"""No longer name is taken apart."""

_CALL = re.compile(r"(.+)#(\d{1,6})")
_BEFORE = re.compile(r"^(?:module/|non_intrusive__|Module\.)")
_BRACKETS = re.compile(r"\[['\"]?([^\[\]'\"]+)['\"]?\]")
_BETWEEN = re.compile(r"\s*(?:->|___|[/:\\])\s*")
_NUMBERED = re.compile(r"(?<![^.])(layers?|blocks?|h)_(\d+)(?![^.])")
_OUTPUT = re.compile(r"[._](?:outputs?|out)(?:[._](?P<n>\d+))?(?:\.last_hidden_state)?|\.forward")
_OF_OUTPUT = re.compile(r"[._]outputs?(?:[._]\d+)?[._](?=[a-z])")
_INPUT = re.compile(r"[._](?:inputs?|in)(?:[._](?:args|kwargs))?(?:[._](?P<name>\w+))?")
_ENTERING = {None, "0", "hidden_states", "input", "x", "query", "src", "tgt"}
"""What the first thing is called that goes into a module."""


def find(name: str, known: Known) -> tuple[Sequence[Record], int]:
    """The records that a name may be of, the likeliest first, and the call that is meant; nothing where it is unknown.

    It is looked up as it is, then as transformers would spell it, then with the usual bases before it or without, then
    by the segments that it ends with.
    """
    meaning = normalised(name)
    found = (known[path] for path in _spellings(name, meaning.path) if path in known)
    return next(found, None) or _by_its_end(meaning.path, known), meaning.call


def normalised(text: str) -> Meaning:
    """A name as transformers would spell it: of ``module.layers[0]/fc1.output.0#2``, layers.0.fc1, call 2."""
    path, call = _called(text)
    return Meaning(_ended(_mended(path)), call)


def _called(text: str) -> tuple[str, int]:
    """A name and the call after it; of a node of a graph it belongs to the name."""
    match = None if text.startswith(OURS) else _CALL.fullmatch(text)
    return (match[1], int(match[2])) if match else (text, 0)


def _mended(path: str) -> str:
    """The same with points between its segments, and without what wrappers added."""
    if path.startswith(OURS) or len(path) > LONGEST:
        return path
    dotted = _BETWEEN.sub(".", _BRACKETS.sub(r".\1", _BEFORE.sub("", path.strip())))
    segments = [segment for segment in _NUMBERED.sub(r"\1.\2", dotted).split(".") if segment]
    while segments[:1] == ["module"]:
        del segments[0]
    return ".".join(segment for segment in segments if segment not in WRAPPERS)


def _ended(path: str) -> str:
    """The same with nothing after it for its output, ``.output.n`` for another, ``.inputs.NAME`` for what goes in."""
    if path.startswith(OURS) or len(path) > LONGEST:
        return path
    if match := _ending(_OUTPUT, path):
        n = match["n"] or "0"
        return path[: match.start()] + ("" if n == "0" else f".output.{n}")
    if match := _ending(_INPUT, path):
        return f"{path[: match.start()]}.inputs.{'0' if match['name'] in _ENTERING else match['name']}"
    return _OF_OUTPUT.sub(".", path)


def _ending(pattern: re.Pattern[str], path: str) -> re.Match[str] | None:
    """The longest match that ends a path and has something before it."""
    found = (pattern.fullmatch(path, place.start()) for place in re.finditer(r"[._]", path) if place.start())
    return next((match for match in found if match), None)


def _spellings(name: str, path: str) -> Iterator[str]:
    """A name as it is, without its call, and mended more and more; then with bases before it and without."""
    plain = _called(name)[0]
    yield from (name, plain, _mended(plain), path)
    without = path
    while base := next((base for base in BASES if without.startswith(f"{base}.")), ""):
        without = without.removeprefix(f"{base}.")
        yield without
    yield from (f"{base}.{path}" for base in BASES)


def _by_its_end(path: str, known: Known) -> Sequence[Record]:
    """The records of the known name that a path ends with, or else of the only ones whose names end with the path."""
    if path.startswith(OURS) or len(path) > LONGEST:
        return ()
    outer, _dot, rest = path.partition(".")
    if rest in known and outer != "encoder" and ("." in rest or outer[:1].isupper()):
        return known[rest]
    for match in re.finditer(r"\.", path):
        rest = path[match.end() :]
        if rest in known and "." in rest and rest.partition(".")[0] in BEGINNINGS:
            return known[rest]
    longer = [records for name, records in known.items() if name.endswith(f".{path}")] if "." in path else []
    return longer[0] if len({tuple(map(id, records)) for records in longer}) == 1 else ()
