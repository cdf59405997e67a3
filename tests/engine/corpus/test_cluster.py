"""Several workers come to what one does, also where one of them dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("distributed")
import dask
import pyarrow.parquet as pq
from distributed import default_client

from tracer.corpus import parts as module
from tracer.corpus.asking import Asked
from tracer.corpus.cluster import clients, made
from tracer.corpus.parts import Parts, Task
from tracer.corpus.plan import Plan, Source
from tracer.corpus.questions import question
from tracer.corpus.running import carried_out
from tracer.corpus.sentences import Corpus, Sentence, corpus
from tracer.errors import InputError
from tracer.run import Run

pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["我爱你", "你爱我", "猫" * 40, "他们喜欢猫"] * 6


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setattr(module, "PART", 2)
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(TEXTS), encoding="utf-8")
    return corpus(path)


def plan(*edits) -> Plan:
    asked = Asked((question("far=entropy(dec.*.cross.weights[:, -1])"),), edits=edits)
    return Plan(Source("zh-en-tiny"), asked, None, {"version": "1"}, "en")


def survey(lines: Corpus, output: Path, workers: int, meanwhile: Callable[[], object] = bool) -> object:
    """The table of the lines; something else happens after the first part."""
    parts = Parts(output)
    parts.prepare(plan(), resume=False, force=False)
    going = carried_out(plan(), lines, parts, workers)
    next(going)
    meanwhile()
    assert [standing.lost for standing in going][-1] == 0
    parts.join()
    return pq.read_table(output)


def deadly(run: Run) -> Run:
    """What no worker survives."""
    os.kill(os.getpid(), signal.SIGKILL)
    return run


def kill_one() -> None:
    [pid, *_others] = default_client().run(os.getpid).values()
    os.kill(pid, signal.SIGKILL)


def lose_one() -> None:
    [lost] = made(default_client(), plan(deadly), [Task(0, [Sentence(1, "我爱你")])])
    assert lost.table is None


def reach() -> None:
    """The same workers by their scheduler, which have this program; and where they had another."""
    here = default_client().scheduler.address
    with clients(1, here) as client:
        assert client.scheduler.address == here
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tracer.corpus.cluster.__version__", "0")
        with pytest.raises(InputError, match=r"the workers have tx-trace \d.*, and here it is 0"), clients(1, here):
            pass


def test_workers_come_to_the_same_when_one_dies_or_a_part_is_lost(tmp_path: Path, lines: Corpus) -> None:
    alone = survey(lines, tmp_path / "one.parquet", 1)
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        two = survey(lines, tmp_path / "two.parquet", 2, lambda: (reach(), kill_one(), lose_one()))
    assert alone.equals(two)


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.corpus.cluster.PATIENCE", 0.2)
    with (
        pytest.raises(InputError, match=r"there is no scheduler at tcp://127\.0\.0\.1:9 "),
        clients(1, "tcp://127.0.0.1:9"),
    ):
        pass
    with pytest.raises(InputError, match="there is no scheduler at nonsense"), clients(1, "nonsense"):
        pass
