"""``tx-trace train``, without training."""

import sys

import pytest

from commands.guard import guarded
from commands.subcommands.train import train_model


def test_missing_libraries_name_the_extra(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "tracer.training.fit", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert guarded(lambda: train_model(tmp_path / "pairs.tsv", tmp_path / "model")) == 2
    assert "pip install torch safetensors sacrebleu, or tx-trace with the extra train" in capsys.readouterr().err


@pytest.mark.parametrize(("state", "message"), [(False, "holds nothing yet"), (True, "to go on, add --resume")])
def test_an_interrupt_says_how_to_go_on(monkeypatch, capsys, tmp_path, state, message):
    fit = pytest.importorskip("tracer.training.fit")

    def interrupted(*_given, **_options):
        if state:
            (tmp_path / fit.STATE).touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(fit, "fit", interrupted)
    assert guarded(lambda: train_model(tmp_path / "pairs.tsv", tmp_path, epochs=3, d_model=16)) == 130
    assert message in capsys.readouterr().err
