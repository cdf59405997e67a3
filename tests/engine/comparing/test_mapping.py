"""Files that say what names of theirs are called here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracer.comparing.mapping import MOST, Mapping, captured
from tracer.errors import InputError


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "names.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


TEXT = """# a port in C++
blk.*.attn_q = decoder.*.self_attn.q   # before it is turned
blk.0.attn_q = @1:decoder.0.self_attn.q_rotated

blk.*.head_*.out = @1:decoder.*.self_attn.*
net.* = model.*
step=0___name=x = logits
x#1=blocks.0.hook_resid_pre
Q = ggml:Qcur-0:MUL_MAT#0
m = module/model.norm#0
"""
MAPPED = {
    "blk.3.attn_q": "decoder.3.self_attn.q",
    "blk.0.attn_q": "decoder.0.self_attn.q",
    "blk.1.head_q.out": "@1:decoder.1.self_attn.q",
    "net.layers.0.mlp": "model.layers.0.mlp",
    "step=0___name=x": "logits",
    "x#1": "blocks.0.hook_resid_pre",
    "Q": "ggml:Qcur-0:MUL_MAT#0",
    "m": "module/model.norm#0",
    "net.": None,
    "other": None,
}


def test_names_are_mapped_by_the_first_line_that_fits(tmp_path: Path) -> None:
    mapping = Mapping.read(written(tmp_path, TEXT))
    assert {name: mapping.of(name) for name in MAPPED} == MAPPED
    assert list(map(str, mapping.unused)) == ["blk.0.attn_q = @1:decoder.0.self_attn.q_rotated"]
    assert [line.number for line in mapping.unused] == [3]


def test_without_lines_nothing_is_mapped() -> None:
    assert (Mapping().of("logits"), Mapping().unused) == (None, [])


def test_other_ends_of_lines_and_a_mark_before_the_first(tmp_path: Path) -> None:
    mapping = Mapping.read(written(tmp_path, b"\xef\xbb\xbfa = logits\r\n\r\nb = probs"))
    assert (mapping.of("a"), mapping.of("b")) == ("logits", "probs")


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("a", "a", []),
        ("a", "ab", None),
        ("*", "abc", ["abc"]),
        ("*", "", None),
        ("a.*.b", "a.12.b", ["12"]),
        ("a.*.b", "a..b", None),
        ("a.*.b", "a.1.b.2.b", ["1.b.2"]),
        ("*.*.q", "x.y.z.q", ["x", "y.z"]),
        ("a*a", "a", None),
        ("**", "ab", ["a", "b"]),
        ("*b*", "abb", ["a", "b"]),
        ("x*", "ax", None),
    ],
)
def test_what_each_star_stands_for(pattern: str, name: str, found: list[str] | None) -> None:
    assert captured(pattern, name) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = logits\nb\n", "line 2 is 'b'; expected theirs = ours, such as fc1.* = decoder.*.ffn.hidden"),
        ("= logits", "line 1 is '= logits'; expected theirs = ours"),
        ("a = # nothing", "line 1 is 'a ='; expected theirs = ours"),
        ("a = b c", "line 1: 'b c' is no address"),
        ("a = decoder..0", "line 1: 'decoder..0' is no address"),
        ("a = logits[0]", "line 1: logits[0] is not one whole record; expected an address such as @1:decoder"),
        ("a = @1", "line 1: @1 is not one whole record"),
        ("a = r1:logits", "line 1: r1:logits is not one whole record"),
        ("a.* = decoder.*.self_attn.*", "line 1 has more * in decoder.*.self_attn.* than in a.*"),
        (b"a = logits\n\xff = b", "line 2 is no UTF-8 (byte 0xff in position 0)"),
        (b"a" * (MOST + 1), "is larger than 1 MB"),
    ],
)
def test_what_can_not_be_read_is_one_sentence(tmp_path: Path, text: str | bytes, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        Mapping.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, told in (
        (tmp_path / "none", "is missing"),
        (tmp_path, "expected a regular"),
        (tmp_path / "pipe", "pipe"),
    ):
        with pytest.raises(InputError, match=told):
            Mapping.read(path)
