"""``tx-trace check``: the table, the counts, the statuses."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = sorted(path.parent.name for path in FIXTURES.glob("*/reference.safetensors"))


@pytest.mark.parametrize("name", NAMES)
def test_every_fixture_is_within_the_noise(tx, name):
    done = tx("check", str(FIXTURES / name))
    head, *rows, last = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert head.split() == ["address", "largest", "difference", "allowed"]
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    checks = [row for row in rows if row.endswith("ok")]
    assert last == f"{len(checks)} addresses compared: {len(checks)} ok, 0 beyond the noise"
    assert {row.index("  ok") for row in checks} == {len(head)}


def test_beyond_the_noise_the_status_is_3(tx, tmp_path):
    shutil.copytree(FIXTURES / "gpt2", tmp_path, dirs_exist_ok=True)
    arrays = load_file(tmp_path / "reference.safetensors")
    arrays["attn.1"] = arrays["attn.1"] + np.float32(1e-3)
    save_file(arrays, tmp_path / "reference.safetensors")
    done = tx("check", str(tmp_path))
    assert done.returncode == 3
    assert [line.split() for line in done.stdout.splitlines() if "BEYOND" in line] == [
        ["@1:decoder.1.self_attn.weights", "1.0e-03", "1.1e-05", "BEYOND:", "attn.1"]
    ]
    assert done.stdout.endswith("23 addresses compared: 22 ok, 1 beyond the noise\n")


@pytest.mark.parametrize(
    ("directory", "message"),
    [
        ("zh-en-tiny", "reference.safetensors: is missing"),
        ("nowhere", "there is no model 'nowhere'"),
        (str(FIXTURES), "reference.safetensors: is missing"),
    ],
)
def test_nothing_to_compare_is_status_2(tx, directory, message):
    done = tx("check", directory)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
