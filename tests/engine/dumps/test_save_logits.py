"""The files of llama-debug, and of the scripts beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tracer.dumps.opening import open_dump

from .samples import DUMPS, opened, read, refused

SAMPLE = DUMPS / "save_logits" / "data"
LOGITS = np.linspace(-3, 3, 40, dtype=np.float32)
IDS = [1, 15043, 3186]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the sample."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "data"))


def save(directory: Path, name: str, numbers: np.ndarray, tokens: int = 3) -> Path:
    numbers.astype("<f4").tofile(directory / f"{name}.bin")
    np.arange(tokens, dtype="<i4").tofile(directory / f"{name}-tokens.bin")
    return directory / f"{name}.bin"


@pytest.mark.parametrize("file", ["", "llamacpp-tiny.bin", "llamacpp-tiny.txt", "llamacpp-tiny-tokens.bin"])
def test_the_logits_of_the_last_token_and_the_ids(file: str) -> None:
    found = opened(SAMPLE / file)
    assert [(name, entry.evidence.shape, entry.evidence.dtype) for name, entry in found.items()] == [
        ("input_ids", (3,), "I32"),
        ("logits", (40,), "F32"),
    ]
    assert read(found["input_ids"]).tolist() == IDS
    np.testing.assert_array_equal(read(found["logits"]), LOGITS)


def test_the_original_model_has_files_of_its_own(directory: Path) -> None:
    path = save(directory, "pytorch-tiny", LOGITS[:20])
    assert opened(path)["logits"].evidence.shape == (20,)
    refused(directory, "holds 2 sets of files of llama-debug; give a file of one: llamacpp-tiny, pytorch-tiny")


def test_embeddings_have_a_row_for_each_token(directory: Path) -> None:
    dump = open_dump(save(directory, "llamacpp-tiny-embeddings", LOGITS[:12]))
    assert [(entry.name, entry.evidence.shape) for entry in dump.entries] == [
        ("input_ids", (3,)),
        ("embeddings", (3, 4)),
    ]
    assert dump.notes == ["embeddings are taken for those of each token; pooled ones would be one row"]


def test_pooled_embeddings_are_one_row(directory: Path) -> None:
    dump = open_dump(save(directory, "llamacpp-tiny-embeddings", LOGITS[:10]))
    assert [entry.evidence.shape for entry in dump.entries] == [(3,), (1, 10)]
    assert dump.notes == []


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (0, "has 0 bytes; expected some numbers of 4 bytes each"),
        (159, "has 159 bytes; expected some numbers of 4 bytes each"),
        (156, "has 39 numbers, and llamacpp-tiny.txt has 40; is it cut short"),
    ],
)
def test_a_file_that_was_cut_short_is_refused(directory: Path, size: int, message: str) -> None:
    path = directory / "llamacpp-tiny.bin"
    path.write_bytes(path.read_bytes()[:size])
    refused(path, message)


def test_ids_that_were_cut_short_are_refused(directory: Path) -> None:
    (directory / "llamacpp-tiny-tokens.bin").write_bytes(bytes(7))
    refused(directory / "llamacpp-tiny-tokens.bin", "has 7 bytes; expected some numbers")


def test_the_text_may_be_missing(directory: Path) -> None:
    (directory / "llamacpp-tiny.txt").unlink()
    assert opened(directory / "llamacpp-tiny.bin")["logits"].evidence.shape == (40,)


def test_other_files_are_not_taken_for_it(directory: Path) -> None:
    (directory / "pytorch-other.bin").write_bytes(bytes(40))
    refused(directory / "pytorch-other.bin", "is no dump of a known format")
    assert list(opened(directory)) == ["input_ids", "logits"]
