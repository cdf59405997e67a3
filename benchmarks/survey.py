"""What a survey costs beside the plain loop that it stands for: traces and expressions, and nothing kept in a table.

    python benchmarks/survey.py CORPUS.tsv [MODEL] [SENTENCES]

Both are done in turn, in one process, and the CPU time of each is the least of some rounds. For several workers, see
how long tx-trace survey takes with --workers 1 and 2.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import tracer
from tracer.corpus.asking import Asked, Opened
from tracer.corpus.columns import Columns
from tracer.corpus.parquet import packed
from tracer.corpus.presets import preset
from tracer.corpus.sentences import Sentence, corpus
from tracer.debugger.cursor import Cursor
from tracer.debugger.locations import Here

ROUNDS = 5


def plain(asked: Asked, sentences: Sequence[Sentence], model: tracer.Model) -> list[object]:
    """The numbers themselves, as they come."""
    found = []
    for sentence in sentences:
        run = tracer.trace(model, sentence.text, target=sentence.target)
        for number in run.numbers:
            here = Here(run, Cursor(number, run.step(number).turn))
            asks = [one for one in asked.questions if one.is_of_encoder is (number == 0)]
            found += [one.expression.evaluate(here) for one in asks]
    return found


def surveyed(asked: Asked, sentences: Sequence[Sentence], model: tracer.Model) -> bytes:
    """The same as a part of a table."""
    found, opened = Columns(), Opened(model)
    for sentence in sentences:
        asked.rows(sentence, opened, found)
    return packed(found, {})


def seconds(work: Callable[[], object]) -> float:
    """Of CPU time."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main(path: str, name: str = "zh-en", count: str = "50") -> None:
    """Print what a sentence costs either way, with outputs that are given and without."""
    model = tracer.load(name)
    for target in (None, "none"):
        lines = corpus(Path(path), target_column=target)
        sentences = list(islice(lines, int(count)))
        asked = Asked(tuple(preset("attention", model, has_target=lines.has_target, has_other=False)))
        ways = [partial(way, asked, sentences, model) for way in (plain, surveyed)]
        rounds = [[seconds(way) for way in ways] for _round in range(ROUNDS)]
        loop, table = map(min, zip(*rounds, strict=True))
        what = "given outputs" if lines.has_target else "decoding     "
        each = 1000 / len(sentences)
        print(f"{what}  plain {loop * each:6.2f} ms  survey {table * each:6.2f} ms a sentence  {table / loop:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
