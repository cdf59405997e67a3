"""What JSON states of tensors."""

from pathlib import Path

import pytest

from tracer.dumps.stated import read_object
from tracer.errors import InputError


def test_an_object(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": [1]}')
    assert read_object(tmp_path / "x.json") == {"a": [1]}


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x.json").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(InputError, match="has 67108865 bytes, and no more than 67108864 are read of JSON"):
        read_object(tmp_path / "x.json")
