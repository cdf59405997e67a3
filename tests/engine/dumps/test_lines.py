"""Text files line by line."""

from pathlib import Path

import pytest

from tracer.dumps.lines import Line, lines
from tracer.errors import InputError


def test_lines_have_their_numbers_and_places(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a\n\nb\xff")
    assert list(lines(path)) == [Line(b"a\n", 1, 0), Line(b"\n", 2, 2), Line(b"b\xff", 3, 3)]
    assert list(lines(path))[2].text == "b\ufffd"


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.write(b"a\n")
        file.truncate((64 << 20) + 3)
    with pytest.raises(InputError, match=r"x: line 2 is longer than 67108864 bytes; is it a text\?"):
        list(lines(path))
