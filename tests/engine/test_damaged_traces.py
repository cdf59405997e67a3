"""Trace files that are damaged, or made to harm: each is refused in one sentence, whatever is wrong with it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.errors import InputError, TraceError
from tracer.saved.trace import KeptTrace
from tracer.trace_file import header

from .traces import with_gradients

Stated = dict[str, Any]


class Parts:
    """A trace file in its parts, to be put together otherwise."""

    def __init__(self, data: bytes) -> None:
        length = int.from_bytes(data[:8], "little")
        self.whole = data
        self.header: Stated = json.loads(data[8 : 8 + length])
        self.stated: Stated = json.loads(self.header["__metadata__"]["trace"])
        self.numbers = data[8 + length :]

    def file(self, stated: Stated) -> bytes:
        """The same file with something else stated."""
        return self.of({**self.header, "__metadata__": header(stated)})

    def of(self, changed: Stated) -> bytes:
        """The same with another header."""
        text = json.dumps(changed).encode()
        return len(text).to_bytes(8, "little") + text + self.numbers


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    path = tmp_path_factory.mktemp("trace") / "x"
    run = tracer.trace(tracer.load("zh-en-tiny"), "我爱你", cache=True)
    branch = run.branch(tracer.edit("@2:decoder.0.cross_attn.heads[h0]", 0.0)).decode()
    with_gradients(branch, "logits[-1, 5]").save(path)
    return Parts(path.read_bytes())


def at(stated: Any, *path: Any) -> Any:
    """What stands at a place."""
    for name in path:
        is_first = name == "grad."
        stated = next(one for one in stated if one["address"].startswith(name)) if is_first else stated[name]
    return stated


def put(*path: Any) -> Callable[[Any, Stated], None]:
    """Puts something at a place."""

    def change(value: Any, stated: Stated) -> None:
        at(stated, *path[:-1])[path[-1]] = value

    return change


RECORD = ("steps", 1, "records", 0)
MASK = ("steps", 0, "records", 7)
GRADIENT, LAST = ("steps", -1, "records", "grad."), ("steps", -1, "records", -1)
CASES: list[tuple[Callable[[Any, Stated], None], Any, str]] = [
    (put("steps"), [], "steps: expected one at least"),
    (put("steps"), {}, "steps: expected list"),
    (put("steps", 1, "number"), 7, r"steps\[1\].number: expected the step after the one before"),
    (put("steps", 0, "number"), -1, r"steps\[0\].number: expected the step after"),
    (put("steps", 0, "number"), True, r"steps\[0\].number: expected int"),
    (put("steps", 0, "records"), [], r"steps\[0\].records: expected one at least"),
    (put(*RECORD, "address"), "../x", "address: expected an address"),
    (put(*RECORD, "address"), "nowhere", "expected a tensor @1:nowhere, once"),
    (put(*RECORD, "op"), 10**30, "op: there is no 1000000000000000000000000000000 in its table"),
    (put(*RECORD, "inputs"), ["logits"], "expected what was computed before, and not logits"),
    (put(*RECORD, "axes"), [0], "axes: expected 2 of them"),
    (put(*RECORD, "settings"), {}, "settings: expected what scaled_embed takes"),
    (put(*RECORD, "settings", "ids"), ["x"], "ids is nothing that scaled_embed takes"),
    (put(*RECORD, "settings", "ids"), [10**9], "expected what scaled_embed yields of its inputs"),
    (put(*RECORD, "settings", "more"), 1, "settings: expected what scaled_embed takes"),
    (put(*RECORD, "settings", "ids"), {"call": "os.system"}, "settings: expected a value of parameter"),
    (put(*RECORD, "settings", "ids"), {"range": [0, 9, 0]}, "expected a start, a stop and a step"),
    (put(*MASK, "settings", "shape"), {"all": [10**9, 10**9]}, "expected what mask yields of its inputs"),
    (put(*MASK, "settings", "padding"), [99], "expected what mask yields of its inputs"),
    (put(*MASK, "settings", "dtype"), {"dtype": "object"}, "expected one of float16, float32, float64"),
    (put("labels"), [["我"]], "labels: there is no 1 in its table"),
    (put("labels"), "abc", "labels: expected list"),
    (put("labels", 0), ["我"], "axes: expected 4 labels along position"),
    (put("axes", 0, "labels"), "nowhere", "expected a vocabulary of source, target"),
    (put("parameters", 0, "shape"), [10**9] * 9, "shape: expected lengths"),
    (put("operations", 0, "traits"), ["EVIL"], "traits: expected one of"),
    (put("run", "tokens", 0, "step"), 3, r"run.tokens\[0\].step: expected 1"),
    (put("run", "tokens", 0, "id"), -1, "expected an id of the vocabulary"),
    (put("run", "target_ids"), [1], "target_ids: expected 6 ids"),
    (put("run", "begins"), {"nowhere": 0}, "reads: expected the same sides"),
    (put("run", "mask"), [1], "mask: expected a number for every token"),
    (put("run", "edits", 0, "selectors"), "[", "expected selectors"),
    (put("run", "decided", "strategy", "origin"), "magic", "origin: expected"),
    (put("model", "dtype"), "bfloat16", "model.dtype: expected"),
    (put("model", "sizes"), {"source": 5}, "sizes: expected one for each side"),
    (put("model", "vocabularies", "source"), "@1:logits", "expected the name of a tensor of bytes"),
    (put("model", "spoken"), [], "expected two languages"),
    (put(*GRADIENT, "settings"), {}, "settings: expected what seed takes"),
    (put(*GRADIENT, "settings", "slope"), {"itself": 1}, "settings: expected a value of parameter"),
    (put(*GRADIENT, "settings", "of"), {"itself": True}, "of is nothing that seed takes"),
    (put(*LAST, "settings", "rows"), [10**9], "expected what scaled_rows_added yields of its inputs"),
    (put(*LAST, "settings", "rows"), {"slice": ["a", None, 0]}, "settings: expected a value of parameter"),
    (put("steps", 2, "names"), [{"name": "a", "path": "b", "after": 0}], "expected the address of a record"),
]


@pytest.mark.parametrize(("change", "value", "sentence"), CASES, ids=[sentence for _change, _value, sentence in CASES])
def test_a_field_that_is_not_what_it_is_to_be(
    parts: Parts, tmp_path: Path, change: Callable[[Any, Stated], None], value: Any, sentence: str
) -> None:
    stated = deepcopy(parts.stated)
    change(value, stated)
    assert refused(tmp_path, parts.file(stated), sentence).startswith(f"{tmp_path / 'x'}: its trace can't be read: ")


def refused(folder: Path, data: bytes, sentence: str = "x: ") -> str:
    """The sentence that a file is refused with."""
    (folder / "x").write_bytes(data)
    with pytest.raises(InputError, match=sentence) as told:
        tracer.open(folder / "x")
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "what it states is no JSON object"),
        ("[1]", "what it states is no JSON object"),
        ("[" * 100_000, "what it states is no JSON object"),
        ('{"a": "\\ud800"}', "what it states is no JSON object"),
        ("{}", "model: expected"),
    ],
)
def test_what_is_stated_is_no_trace(parts: Parts, tmp_path: Path, text: str, sentence: str) -> None:
    refused(tmp_path, parts.of({**parts.header, "__metadata__": {**header({}), "trace": text}}), sentence)


def test_another_layout_and_no_trace_at_all(parts: Parts, tmp_path: Path) -> None:
    metadata = {**parts.header["__metadata__"], "layout": "2"}
    refused(tmp_path, parts.of({**parts.header, "__metadata__": metadata}), "layout 2, and this version reads layout 1")
    refused(tmp_path, parts.of({**parts.header, "__metadata__": {"format": "pt"}}), "is no trace; record FILE")
    refused(tmp_path, parts.of({**parts.header, "__metadata__": [1]}), "metadata that are no map")
    with pytest.raises(InputError, match="can't be read"):
        tracer.open(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is a directory, pipe"):
        tracer.open(tmp_path)


def test_a_message_formats_nothing_but_what_stands_in_it(parts: Parts, tmp_path: Path) -> None:
    for text in ("{x:>999999999}", "{x.__class__}", "{x!r}", "{y}", "{", "{0}"):
        stated = deepcopy(parts.stated)
        at(stated, *RECORD)["settings"]["ids"] = {"message": text, "values": {"x": 1}}
        refused(tmp_path, parts.file(stated), r"settings: ")


def test_numbers_that_are_no_numbers_of_the_trace(parts: Parts, tmp_path: Path) -> None:
    changed = deepcopy(parts.header)
    changed["@1:logits"]["shape"] = changed["@1:logits"]["shape"][::-1]
    refused(tmp_path, parts.of(changed), "axes: expected")
    changed["@1:logits"]["dtype"], changed["@1:logits"]["shape"] = "BF16", [1, 158]
    refused(tmp_path, parts.of(changed), "expected a type of F64")


def test_vocabularies_are_checked_when_they_are_read(parts: Parts, tmp_path: Path) -> None:
    numbers = parts.numbers.replace(b'["', b'{"')
    (tmp_path / "x").write_bytes(parts.whole[: -len(numbers)] + numbers)
    kept = tracer.open(tmp_path / "x")
    with pytest.raises(InputError, match=r"vocabulary.source is no list of 49 pieces"):
        kept.card.piece(3, "source")


def test_a_file_that_is_cut_short_or_has_other_bits(parts: Parts, tmp_path: Path) -> None:
    chance = random.Random(1)
    end = len(parts.whole) - len(parts.numbers)
    for place in (0, 3, 8, 100, end // 2, end, len(parts.whole) - 1):
        refused(tmp_path, parts.whole[:place])
    for _time in range(60):
        data = bytearray(parts.whole)
        data[chance.randrange(end)] ^= 1 << chance.randrange(8)
        (tmp_path / "x").write_bytes(data)
        try:
            tracer.open(tmp_path / "x")
        except InputError as error:
            assert "\n" not in str(error)  # noqa: PT017


VALUES = [None, True, -1, 0, 3, 10**30, 1.5, "", "x", [], {}, [[1]], {"float": "nan"}, {"all": [1]}, {"labels": 0}]


def test_whatever_is_changed_there_is_no_traceback(parts: Parts, tmp_path: Path) -> None:
    chance, places = random.Random(2), [place for place in _places(parts.stated) if place]
    opened = 0
    for _time in range(150):
        stated = deepcopy(parts.stated)
        place = chance.choice(places)
        at(stated, *place[:-1])[place[-1]] = _other(at(stated, *place), chance)
        (tmp_path / "x").write_bytes(parts.file(stated))
        try:
            opened += bool(_looked_through(tracer.open(tmp_path / "x")))
        except TraceError as error:
            assert "\n" not in str(error)  # noqa: PT017
    assert opened > 9


def _places(stated: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    if isinstance(stated, dict | list):
        for name in stated if isinstance(stated, dict) else range(len(stated)):
            yield from _places(stated[name], (*place, name))


def _other(value: Any, chance: random.Random) -> Any:
    """Something else of the kind, or of none."""
    if type(value) is int and chance.random() < 0.7:
        return value + chance.choice([-1, 1, 2])
    return chance.choice(VALUES)


def _looked_through(trace: KeptTrace) -> Sequence[Any]:
    """What readers ask of every record."""
    return [
        (record.written, record.note, record.output.array.sum(), record.output.labels, [t.shape for t in record.inputs])
        for step in trace
        for record in step
    ]
