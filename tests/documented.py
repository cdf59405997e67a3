"""Transcripts in the README and in those of the folders: run again, and compared or written anew.

A fenced block marked ``console`` holds lines ``$ COMMAND`` and the output each must have. `python tests/documented.py`
writes the output of every block of every page anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *(page for part in ("commands", "tracer") for page in sorted((ROOT / part).rglob("README.md")))]
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
NUMBER = re.compile(r"\d+\.\d+(?:e[+-]\d+)?")
NOISE = 2e-3
"""What a printed number may differ by from one processor to another."""
SKIPPED = ("pip install", "pytest", "git clone", "tx-trace train", "tx-trace\n")


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Every command of a block with the output that stands below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _newline, output = part.partition("\n")
        if not any(f"{command}\n".startswith(skipped) or skipped in command for skipped in SKIPPED):
            yield command, output


def run(command: str) -> str:
    """What a command prints, with `tx-trace` being this checkout's."""
    here = f"{sys.executable} -m commands"
    script = f'tx-trace() {{ {here} "$@"; }}; {command}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    return done.stdout + done.stderr


def alike(expected: str, found: str) -> bool:
    """Whether two outputs are the same but for noise in their numbers."""
    if NUMBER.sub("#", expected) != NUMBER.sub("#", found):
        return False
    pairs = zip(NUMBER.findall(expected), NUMBER.findall(found), strict=True)
    return all(abs(float(a) - float(b)) <= NOISE for a, b in pairs)


def renewed(block: str) -> str:
    """A block with the output of its commands as it is now."""
    for command, output in commands(block):
        block = block.replace(f"$ {command}\n{output}", f"$ {command}\n{run(command)}")
    return block


if __name__ == "__main__":
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(BLOCK.sub(lambda match: renewed(match[0]), text), encoding="utf-8")
