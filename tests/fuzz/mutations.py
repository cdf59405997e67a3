"""Files with something wrong in them: of known kinds in the way that they are made, of others byte by byte."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from tests.engine.dumps.damage import WRONG
from tests.signs import SIGNS

from .words import ATOMS, LONG, changed

NUMBERS = (0, 1, -1, 2, 127, 128, 255, 1 << 15, 1 << 16, 1 << 24, (1 << 31) - 1, 1 << 32, (1 << 63) - 1, 10**9, 10**30)
THINGS = (
    *WRONG,
    *NUMBERS,
    *ATOMS,
    SIGNS,
    "x" * 70_000,
    [1] * 70_000,
    float("inf"),
    -0.0,
    1e-320,
    "\ud800",
    {SIGNS: SIGNS},
)
"""What may stand in place of anything in JSON."""

Change = Callable[[bytes, Random], bytes]


def of_bytes(data: bytes, chance: Random) -> bytes:
    """A few bytes are other ones, more, or fewer; most of them near the beginning or the end."""
    changed_data = bytearray(data)
    for _time in range(chance.choice((1, 1, 2, 8, 64))):
        at = _place(len(changed_data), chance)
        chance.choice(_BYTES)(changed_data, at, chance)
    return bytes(changed_data)


def _place(length: int, chance: Random) -> int:
    near = min(length, chance.choice((16, 64, 512, 4096, length)))
    at = chance.randrange(near + 1)
    return at if chance.random() < 0.8 else max(0, length - at)


def _flipped(data: bytearray, at: int, chance: Random) -> None:
    if at < len(data):
        data[at] ^= 1 << chance.randrange(8)


def _set(data: bytearray, at: int, chance: Random) -> None:
    data[at : at + 1] = bytes([chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))])


def _number(data: bytearray, at: int, chance: Random) -> None:
    size = chance.choice((2, 4, 8))
    at -= at % size
    number = chance.choice(NUMBERS) % (1 << 8 * size)
    data[at : at + size] = number.to_bytes(size, chance.choice(("little", "little", "big")))


def _more(data: bytearray, at: int, chance: Random) -> None:
    data[at:at] = data[at : at + chance.choice((1, 8, 64))] or b"\0" * chance.choice((1, 1000))


def _fewer(data: bytearray, at: int, chance: Random) -> None:
    del data[at : at + chance.choice((1, 1, 4, 8, 64))]


def _cut(data: bytearray, at: int, _chance: Random) -> None:
    del data[at:]


_BYTES = (_flipped, _flipped, _flipped, _set, _number, _number, _more, _fewer, _cut)


def of_text(data: bytes, chance: Random) -> bytes:
    """A line is another, there twice, gone, elsewhere, or endless."""
    if chance.random() < 0.1:
        return of_bytes(data, chance)
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    at = chance.randrange(len(lines))
    kind = chance.random()
    if kind < 0.6:
        lines[at] = changed(lines[at], chance)
    elif kind < 0.7:
        lines[at:at] = lines[at : at + chance.randint(1, 5)]
    elif kind < 0.8:
        del lines[at : at + chance.randint(1, 5)]
    elif kind < 0.9:
        other = chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] += chance.choice(LONG)
    return "\n".join(lines).encode("utf-8", "surrogatepass" if chance.random() < 0.5 else "replace")


def of_json(data: bytes, chance: Random) -> bytes:
    """Something is another thing, has another name, or is gone; at times the text is no JSON any more."""
    if chance.random() < 0.1:
        return of_bytes(data, chance)
    try:
        thing = json.loads(data)
    except (ValueError, RecursionError):
        return of_text(data, chance)
    for _time in range(chance.choice((1, 1, 1, 2, 4))):
        thing = other_thing(thing, chance)
    text = json.dumps(thing, ensure_ascii=chance.random() < 0.5)
    text = chance.choice(("[", '{"a":')) * 20_000 + text if chance.random() < 0.01 else text
    return text.encode("utf-8", "surrogatepass")


def other_thing(thing: Any, chance: Random) -> Any:
    """What JSON had, with one place of it changed."""
    if not isinstance(thing, dict | list) or not thing or chance.random() < 0.1:
        return _another(thing, chance)
    key = chance.choice([*thing]) if isinstance(thing, dict) else chance.randrange(len(thing))
    inner = thing[key]
    if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
        thing[key] = other_thing(inner, chance)
        return thing
    return _changed_at(thing, key, chance)


def _changed_at(thing: Any, key: Any, chance: Random) -> Any:
    kind = chance.random()
    if kind < 0.7:
        thing[key] = _another(thing[key], chance)
    elif kind < 0.85:
        del thing[key]
    elif isinstance(thing, dict):
        thing[chance.choice((*map(str, ATOMS), changed(key, chance)))] = thing[key]
    else:
        thing[key:key] = [thing[key]] * chance.choice((1, 2, 1000))
    return thing


def _another(thing: Any, chance: Random) -> Any:
    """Something else: nearly the same at times."""
    if chance.random() < 0.4:
        if isinstance(thing, bool) or thing is None:
            return not thing
        if isinstance(thing, int):
            return chance.choice((thing + 1, thing - 1, thing * 2, -thing, thing * 1000, float(thing), str(thing)))
        if isinstance(thing, float):
            return chance.choice((thing * 1e30, -thing, 0.0, int(thing) if abs(thing) < 1e300 else 0, str(thing)))
        if isinstance(thing, str):
            return changed(thing, chance)
    return chance.choice(THINGS)


def of_safetensors(data: bytes, chance: Random) -> bytes:
    """The header is another, the trace in it at times; or bytes are."""
    length = int.from_bytes(data[:8], "little")
    if chance.random() < 0.25:
        return of_bytes(data, chance)
    header, numbers = data[8 : 8 + length], data[8 + length :]
    if chance.random() < 0.2:
        return data[:8] + of_bytes(header, chance) + numbers
    text = _other_header(header, chance)
    return len(text).to_bytes(8, "little") + text + numbers


def _other_header(header: bytes, chance: Random) -> bytes:
    stated = json.loads(header)
    inner = {name: text for name, text in stated.get("__metadata__", {}).items() if text[:1] in "{["}
    if not inner or chance.random() < 0.3:
        return of_json(header, chance)
    name = chance.choice([*inner])
    stated["__metadata__"][name] = of_json(inner[name].encode(), chance).decode("utf-8", "replace")
    return json.dumps(stated).encode()


def of_zip(data: bytes, chance: Random) -> bytes:
    """A member has other bytes, another name, is there twice, or gone; or the archive itself has other bytes."""
    if chance.random() < 0.3:
        return of_bytes(data, chance)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at = _member(members, chance)
    name, inner = members[at]
    kind = chance.random()
    if kind < 0.7:
        members[at] = name, of_bytes(inner, chance)
    elif kind < 0.8:
        members[at] = changed(name, chance).replace("\0", "").encode("utf-8", "replace").decode()[:60_000], inner
    elif kind < 0.9:
        del members[at]
    else:
        members.append((f"{name}x", inner))
    return _zipped(members, chance)


def _member(members: list[tuple[str, bytes]], chance: Random) -> int:
    """One of them; the pickle more often than the others."""
    pickles = [i for i, (name, _data) in enumerate(members) if name.endswith(".pkl")]
    return chance.choice(pickles) if pickles and chance.random() < 0.6 else chance.randrange(len(members))


def _zipped(members: list[tuple[str, bytes]], chance: Random) -> bytes:
    packed = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with BytesIO() as found:
        with zipfile.ZipFile(found, "w", packed) as archive:
            for name, inner in members:
                archive.writestr(zipfile.ZipInfo(name), inner)
        return found.getvalue()


KNOWN: Mapping[str, Change] = {
    ".json": of_json,
    ".jsonl": of_text,
    ".safetensors": of_safetensors,
    ".npz": of_zip,
    ".pt": of_zip,
    ".bin": of_zip,
    **dict.fromkeys((".txt", ".md", ".tsv", ".tx", ".map", ".toml", "", ".answers"), of_text),
}
"""How files are changed, by the ends of their names."""


def mutated(path: Path, chance: Random) -> str:
    """Change a file, and say how."""
    data = path.read_bytes()
    change = KNOWN.get(path.suffix, of_bytes) if chance.random() < 0.95 else of_bytes
    try:
        path.write_bytes(change(data, chance))
    except (zipfile.BadZipFile, UnicodeDecodeError, ValueError):
        change = of_bytes
        path.write_bytes(of_bytes(data, chance))
    return f"{path.name} {change.__name__}"
