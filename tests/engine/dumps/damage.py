"""JSON with one place in it that is of another type, and text that was cut or has other bytes."""

import random
from collections.abc import Iterator
from typing import Any

from tracer.dumps.dump import Dump
from tracer.dumps.evidence import Values
from tracer.errors import InputError

WRONG = (None, True, -1, 1 << 70, 1.5, float("nan"), "", "nan", "../../etc/passwd", [], [[]], {}, {"shape": "x"}, [1e9])


def places(thing: Any, trail: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """What leads to everything inside."""
    inside = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for key, inner in inside:
        yield (*trail, key)
        yield from places(inner, (*trail, key))


def damaged(thing: Any, seed: int, times: int) -> Iterator[Any]:
    """The same thing again and again, with one place of it changed each time."""
    draws = random.Random(seed)
    everywhere = list(places(thing))
    for _time in range(times):
        *trail, last = draws.choice(everywhere)
        holder = thing
        for key in trail:
            holder = holder[key]
        kept, holder[last] = holder[last], draws.choice(WRONG)
        yield thing
        holder[last] = kept


def refused(dump: Dump) -> str | None:
    """The sentence with which a dump is refused, or nothing where all that it has could be read."""
    try:
        for entry in dump.entries:
            if isinstance(entry.evidence, Values):
                assert entry.evidence.read().shape == entry.evidence.shape
    except InputError as error:
        return str(error)
    return None


def broken_texts(data: bytes, seed: int, times: int) -> Iterator[bytes]:
    """A text cut somewhere, or with some other bytes in it."""
    draws = random.Random(seed)
    for time in range(times):
        place = draws.randrange(len(data))
        if time % 3 == 0:
            yield data[:place]
        else:
            noise = draws.choice([draws.randbytes(3), b"[", b"]", b"...", b",", b"\n", b"1e999", b"{", b"-1"])
            yield data[:place] + noise + data[place + draws.randrange(4) :]
