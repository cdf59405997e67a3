"""Training: the same data and seed give the same file, resumed or not, and the engine computes what was trained."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

import tracer
from tests.interrupting import some_ends
from tracer.errors import InputError
from tracer.training.grammar import pairs

from ..conftest import Checkpoint

torch = pytest.importorskip("torch")
pytest.importorskip("sacrebleu")
from safetensors.torch import save_file  # noqa: E402

from tracer.training.fit import STATE, Plan, _tokenizers, _trainer, _write, fit  # noqa: E402
from tracer.training.loop import Progress, Recipe, Trainer  # noqa: E402
from tracer.training.network import Network, greedy, sinusoids  # noqa: E402
from tracer.training.pairs import read_pairs  # noqa: E402
from tracer.training.teaching import teachers  # noqa: E402

if TYPE_CHECKING:
    from tracer.models.transformer import Config

RECIPE = Recipe(epochs=2, batch=80, warmup=4)
PLAN = Plan(d_model=8, heads=2, layers=1, ffn=12, source="words", target="words", recipe=RECIPE)
WRITTEN = ["config.json", "model.safetensors", "source_tokenizer.json", "target_tokenizer.json"]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Matrices this small gain nothing from threads, and lose where other programs use the processor."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pairs of the grammar, far apart."""
    path = tmp_path_factory.mktemp("data") / "pairs.tsv"
    path.write_text("".join(f"{s}\t{t}\n" for s, t in islice(pairs(), 0, 6000, 100)), encoding="utf-8")
    return path


class Training(NamedTuple):
    """A training that ran through: its directory, and the (epoch, update, updates in all) that it reported."""

    directory: Path
    reports: list[tuple[int, int, int]]
    last: Progress


@pytest.fixture(scope="module")
def training(data: Path) -> Training:
    reports: list[tuple[int, int, int]] = []
    directory = data.parent / "trained"
    last = fit(data, directory, PLAN, report=lambda p, updates: reports.append((p.epoch, p.update, updates)))
    return Training(directory, reports, last)


@pytest.fixture(scope="module")
def trained(training: Training) -> Path:
    """The directory of that training."""
    return training.directory


def contents(directory: Path) -> dict[str, bytes]:
    """The checkpoint's files."""
    return {name: (directory / name).read_bytes() for name in WRITTEN}


def state(directory: Path) -> dict[str, object]:
    """What a resumed training starts from. (The library writes its parts in any order.)"""
    with safe_open(directory / STATE, "np") as file:
        return {**file.metadata(), **{name: file.get_tensor(name).tobytes() for name in file.keys()}}  # noqa: SIM118


def test_a_training_writes_a_checkpoint(trained: Path) -> None:
    assert sorted(path.name for path in trained.iterdir()) == sorted([*WRITTEN, STATE])
    model = tracer.load(trained)
    assert model.config.d_model == 8
    assert model.facts.cache is False
    assert tracer.trace(model, "我爱你", max_tokens=3).tokens


def test_the_same_data_and_seed_give_the_same_files(data: Path, trained: Path, tmp_path: Path) -> None:
    fit(data, tmp_path, PLAN)
    assert contents(tmp_path) == contents(trained)
    assert state(tmp_path) == state(trained)


def test_another_seed_gives_other_parameters(data: Path, trained: Path, tmp_path: Path) -> None:
    fit(data, tmp_path, replace(PLAN, recipe=replace(RECIPE, seed=2, epochs=1)))
    assert contents(tmp_path)["model.safetensors"] != contents(trained)["model.safetensors"]


def test_a_training_resumed_is_a_training_uninterrupted(data: Path, trained: Path, tmp_path: Path) -> None:
    def interrupt(progress: Progress, updates: int) -> None:
        if progress.epoch == 1 and progress.update > updates // 2 + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, tmp_path, PLAN, report=interrupt)
    assert state(tmp_path) != state(trained)
    fit(data, tmp_path, PLAN, resume=True)
    assert contents(tmp_path) == contents(trained)
    assert state(tmp_path) == state(trained)


def test_progress_is_reported_after_every_update(training: Training) -> None:
    updates = training.reports[-1][2]
    assert training.reports[-1] == (2, updates, updates)
    assert training.reports == sorted(training.reports)
    assert {update for _, update, _ in training.reports} == set(range(1, updates + 1))
    assert (training.last.epoch, training.last.update) == (2, updates)
    assert training.last.best >= 0


def test_a_directory_in_use_is_left_alone(data: Path, trained: Path) -> None:
    before = contents(trained)
    with pytest.raises(InputError, match="is not empty; name a new directory, or go on in this one with --resume"):
        fit(data, trained, PLAN)
    assert contents(trained) == before


def test_a_training_that_is_killed_at_any_moment_leaves_what_was_whole(
    data: Path, trained: Path, tmp_path: Path
) -> None:
    known = read_pairs(data)
    source, target = _tokenizers(PLAN, known, [], [])
    trainer = _trainer(PLAN, source, target, known, known[:5], teachers([], target))
    files = [*WRITTEN, STATE]

    def prepare() -> Callable[[], object]:
        for name in files:
            shutil.copy(trained / name, tmp_path / name)
        return lambda: (_write(tmp_path, trainer, source, target), trainer.save(tmp_path / STATE))

    prepare()()
    whole = {name: {(trained / name).read_bytes(), (tmp_path / name).read_bytes()} for name in WRITTEN}
    moments = 0
    for _killed in some_ends(prepare, "training/fit.py", "training/loop.py", "tracer/whole.py", most=30):
        moments += 1
        assert [name for name in WRITTEN if (tmp_path / name).read_bytes() not in whole[name]] == []
        assert state(tmp_path)
    assert moments == 30
    prepare()()
    assert tracer.load(tmp_path).config.d_model == 8


@pytest.mark.parametrize("metadata", [{}, {"recipe": "5", "progress": "[]"}, {"progress": '{"x": 1}'}])
def test_a_state_that_is_none_is_one_sentence(data: Path, tmp_path: Path, metadata: dict[str, str]) -> None:
    recipe = {"recipe": json.dumps(vars(RECIPE))} if "recipe" not in metadata and metadata else {}
    save_file({"x": torch.zeros(1)}, tmp_path / STATE, {**recipe, **metadata} or None)
    with pytest.raises(InputError, match=r"is no state of this training|was trained with other settings"):
        fit(data, tmp_path, PLAN, resume=True)


def test_a_single_pair_is_too_few(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("我爱你\ti love you\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds too few sentence pairs to train on some and hold out others"):
        fit(tmp_path / "pairs.tsv", tmp_path / "trained", PLAN)
    assert not (tmp_path / "trained").exists()


def test_other_settings_do_not_resume(data: Path, trained: Path, tmp_path: Path) -> None:
    (tmp_path / STATE).write_bytes((trained / STATE).read_bytes())
    with pytest.raises(InputError, match="was trained with other settings"):
        fit(data, tmp_path, replace(PLAN, recipe=replace(RECIPE, epochs=3)), resume=True)
    with pytest.raises(InputError, match="is no state of this training"):
        fit(data, tmp_path, replace(PLAN, d_model=16), resume=True)
    (tmp_path / STATE).write_bytes(b"nonsense")
    with pytest.raises(InputError, match="is no state of this training"):
        fit(data, tmp_path, PLAN, resume=True)


def twin(model: tracer.Model) -> Network:
    """The torch network of a model, with the parameters of its checkpoint."""
    network = Network(model.config)
    network.eval()
    network.load_state_dict({name: torch.from_numpy(p.array.copy()) for name, p in model.parameters.items()})
    return network


def same_logits(model: tracer.Model) -> None:
    """The network and the engine compute the same: over a padded source, all positions of a target at once."""
    network, random = twin(model), np.random.default_rng(0)
    source = [*random.integers(4, 20, 5).tolist(), model.config.eos_id]
    target = [model.config.bos_id, *random.integers(4, 20, 6).tolist()]
    with torch.no_grad():
        padded = torch.tensor([[*source, 0, 0]])
        expected = network.logits(network(padded, torch.tensor([target])))[0].numpy()
    for ids in (source, padded[0].tolist()):
        found = tracer.trace(model, ids=ids, target_ids=target)[1]["logits"].array
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_the_engine_computes_what_was_trained(trained: Path) -> None:
    same_logits(tracer.load(trained))


def test_a_training_without_the_causal_mask_keeps_the_last_checkpoint_and_says_so(data: Path, tmp_path: Path) -> None:
    last = fit(data, tmp_path, replace(PLAN, causal=False))
    model = tracer.load(tmp_path)
    assert not model.config.causal
    same_logits(model)
    state = load_file(tmp_path / STATE)
    for name, parameter in model.parameters.items():
        np.testing.assert_array_equal(parameter.array, state[f"average/{name}"].astype(np.float16))
    assert last.epoch == RECIPE.epochs


@pytest.mark.parametrize("causal", [True, False])
def test_padding_after_a_target_changes_nothing(checkpoint: Checkpoint, causal: bool) -> None:
    network = twin(tracer.load(checkpoint(tied_output=True, causal=causal)))
    source, target = torch.tensor([[5, 6, 7, 2]]), torch.tensor([[1, 9, 8]])
    with torch.no_grad():
        alone = network(source, target)
        padded = network(source, torch.nn.functional.pad(target, (0, 2)))[:, :3]
    np.testing.assert_allclose(padded.numpy(), alone.numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("final_norm", [False, True])
@pytest.mark.parametrize(("activation", "causal"), [("relu", True), ("gelu", True), ("gelu", False)])
def test_network_and_engine_are_the_same_model(
    checkpoint: Checkpoint, norm: str, final_norm: bool, activation: str, causal: bool
) -> None:
    how = {"norm": norm, "final_norm": final_norm, "activation": activation, "causal": causal}
    same_logits(tracer.load(checkpoint(**how, tied_output=True, d_model=8)))


@pytest.mark.parametrize(("causal", "cache"), [(True, False), (True, True), (False, False)])
def test_greedy_translations_are_the_same(checkpoint: Checkpoint, causal: bool, cache: bool) -> None:
    model = tracer.load(checkpoint(tied_output=True, target_vocab=12, causal=causal))
    sources = [[5, 6, 7, 2], [9, 4, 2, 0], [11, 2, 0, 0]]
    rows = greedy([twin(model)], [torch.tensor(sources)], 9)
    for source, expected in zip(sources, rows, strict=True):
        run = tracer.trace(model, ids=source, max_tokens=9, cache=cache)
        assert [i for i in run.output_ids if i != model.config.eos_id] == expected


def test_positions_are_the_same() -> None:
    from tracer.ops.position import sinusoids as ours
    from tracer.tensor import Axis

    table = ours.forward(position=Axis("position"), positions=range(30), d_model=10, dtype=np.float32).array
    np.testing.assert_allclose(sinusoids(30, 10).numpy(), table, atol=1e-6)


def test_dropout_keeps_the_mean_and_repeats_with_the_seed(checkpoint: Checkpoint) -> None:
    config: Config = tracer.load(checkpoint(tied_output=True)).config
    network = Network(config, dropout=0.25)
    dropout = network.encoder.dropout
    network.seed(1, 2)
    first = dropout(torch.ones(200, 200))
    assert first.mean().item() == pytest.approx(1, abs=0.02)
    assert sorted(first.unique().tolist()) == pytest.approx([0, 4 / 3])
    network.seed(1, 2)
    assert torch.equal(dropout(torch.ones(200, 200)), first)
    network.eval()
    assert torch.equal(dropout(torch.ones(2, 2)), torch.ones(2, 2))


def test_a_training_grows_out_of_another_and_resumes(data: Path, tmp_path: Path) -> None:
    first = replace(PLAN, source="characters", target="byte-pairs", pieces=60, recipe=replace(RECIPE, epochs=1))
    fit(data, tmp_path / "first", first)
    plan = replace(first, source="pieces", ffn=20, templates=20, recipe=RECIPE)
    trained, resumed = tmp_path / "trained", tmp_path / "resumed"
    fit(data, trained, plan, start=tmp_path / "first")

    def interrupt(progress: Progress, updates: int) -> None:
        if progress.epoch == 1 and progress.update > updates // 2 + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, resumed, plan, start=tmp_path / "first", report=interrupt)
    fit(data, resumed, plan, start=tmp_path / "first", resume=True)
    assert contents(resumed) == contents(trained)
    assert tracer.load(trained).config.ffn == 20
    same_logits(tracer.load(trained))


@pytest.mark.parametrize(
    ("source", "expected"), [("der Hund", ["▁der", "▁Hund", "</s>"]), ("我爱你", ["我", "爱", "你", "</s>"])]
)
def test_blanks_decide_what_becomes_of_the_source(source: str, expected: list[str], tmp_path: Path) -> None:
    lines = [f"{source}{mark}\tthe dog {i}\n" for i, mark in enumerate(".!?" * 8)]
    (tmp_path / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    fit(tmp_path / "pairs.tsv", tmp_path / "trained", replace(PLAN, source=None, recipe=replace(RECIPE, epochs=1)))
    assert tracer.trace(tracer.load(tmp_path / "trained"), source, max_tokens=1).source == expected


@pytest.mark.parametrize("recipe", [replace(RECIPE, warmup=0, settling=0), replace(RECIPE, warmup=10**6)])
def test_the_learning_rate_reaches_its_highest(recipe: Recipe, checkpoint: Checkpoint) -> None:
    config = tracer.load(checkpoint(tied_output=True)).config
    pairs = [([5, 2], [5, 2])] * 1000
    trainer = Trainer(config, recipe, pairs, [], str, [], lambda _epoch: pairs)
    rates = [trainer.rate(update) for update in range(trainer.updates)]
    assert max(rates) == recipe.peak
    assert min(rates) > 0
