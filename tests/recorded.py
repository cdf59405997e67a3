"""Recorded sessions: a script `tests/sessions/NAME.tx` and, in `NAME.txt`, what it prints to the letter.

The first line of a script holds the options it is run with. `python tests/recorded.py` records all of them anew; they
compute in float64, so that no processor turns a digit over.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOISE = re.compile(
    r"(?<=  )\d\.\de-\d\d(?:  holds; at .*)?|(?<=remainder )-?(?:\d\.\de-1\d|0\b)|(?<=difference )(?:\d\.\de-1\d|0\b)"
)
"""What `verify`, `compare`, `lens` and `contributions` find to be left, which is the processor's, and where it is."""
SCRIPTS = sorted((ROOT / "tests" / "sessions").glob("*.tx"))


def played(script: Path) -> str:
    """What a script prints, complaints last, run in a folder of its own."""
    options = shlex.split(script.read_text(encoding="utf-8").splitlines()[0].lstrip("# "))
    command = [sys.executable, "-m", "commands", *options, "--batch", str(script), "--keep-going"]
    with tempfile.TemporaryDirectory() as folder:
        environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": folder, "LANG": "C"}
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, encoding="utf-8", check=False)
    here = f"{script.parent}/"
    return (NOISE.sub("…", done.stdout) + done.stderr.replace(here, "")).replace(f"{ROOT}/", "")


if __name__ == "__main__":
    for script in SCRIPTS:
        script.with_suffix(".txt").write_text(played(script), encoding="utf-8")
