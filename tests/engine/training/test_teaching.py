"""A model learns from others what they hold likely, and their translations."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import tracer
from tracer.errors import InputError
from tracer.training.grammar import pairs

torch = pytest.importorskip("torch")
pytest.importorskip("sacrebleu")
from tracer.training.fit import Plan, fit  # noqa: E402
from tracer.training.growing import tokenizer_in  # noqa: E402
from tracer.training.loop import Recipe  # noqa: E402
from tracer.training.teaching import LIKELIEST, Teachers, teachers  # noqa: E402

PLAN = Plan(
    d_model=8, heads=2, layers=1, ffn=12, source="words", target="words", recipe=Recipe(epochs=2, batch=80, warmup=4)
)
SENTENCES = list(islice(pairs(), 0, 6000, 100))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "pairs.tsv"
    path.write_text("".join(f"{s}\t{t}\n" for s, t in SENTENCES), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def directories(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two teachers of different widths, with the same target tokens."""
    one, other = (tmp_path_factory.mktemp("teachers") / name for name in ("one", "other"))
    fit(data, one, PLAN)
    fit(data, other, replace(PLAN, d_model=12, recipe=replace(PLAN.recipe, seed=2)), teacher=[one])
    return [one, other]


@pytest.fixture(scope="module")
def taught(directories: list[Path]) -> Teachers:
    return teachers(directories, tokenizer_in(directories[0], "target"))


def _probs(model: tracer.Model, source: str, target: str) -> np.ndarray:
    """[position, vocab], by the engine."""
    return tracer.trace(model, source, target=target)[1]["probs"].array


def test_what_teachers_hold_likely_is_the_mean_of_their_probabilities(
    taught: Teachers, directories: list[Path]
) -> None:
    probs = np.mean([_probs(tracer.load(directory), *SENTENCES[7])[:-1] for directory in directories], 0)
    likeliest = -np.sort(-probs)[:, :LIKELIEST]
    ids, held = taught.soft(SENTENCES)[7]
    np.testing.assert_allclose(held, likeliest / likeliest.sum(1, keepdims=True), atol=3e-3)
    np.testing.assert_allclose(np.take_along_axis(probs, ids.long().numpy(), 1), likeliest, atol=2e-3)


def test_one_teacher_translates_as_the_model_does(directories: list[Path]) -> None:
    model = tracer.load(directories[0])
    alone = teachers(directories[:1], tokenizer_in(directories[0], "target"))
    sources = [source for source, _target in SENTENCES[:5]]
    limit = 2 * max(len(alone.all[0].source.encode(source).ids) for source in sources) + 10
    expected = [tracer.trace(model, source, max_tokens=limit) for source in sources]
    assert alone.translations(sources) == [model.text(run.output_ids) for run in expected]


def distance(teacher: Path, learner: Path) -> float:
    """The cross-entropy of their probabilities, a position, over some pairs."""
    p, q = (tracer.load(directory) for directory in (teacher, learner))
    return float(np.mean([-(_probs(p, *pair) * np.log(_probs(q, *pair))).sum(1).mean() for pair in SENTENCES[:9]]))


def test_who_is_taught_comes_closer_to_the_teacher(data: Path, directories: list[Path], tmp_path: Path) -> None:
    recipe = replace(PLAN.recipe, epochs=6, seed=5, taught=1.0)
    fit(data, tmp_path / "taught", replace(PLAN, recipe=recipe), teacher=directories[:1])
    fit(data, tmp_path / "alone", replace(PLAN, recipe=recipe))
    assert distance(directories[0], tmp_path / "taught") < distance(directories[0], tmp_path / "alone")


def test_a_teacher_of_other_target_tokens_is_refused(data: Path, directories: list[Path], tmp_path: Path) -> None:
    fit(data, tmp_path / "other", replace(PLAN, target="byte-pairs", pieces=40, recipe=replace(PLAN.recipe, epochs=1)))
    with pytest.raises(InputError, match="other: writes other target tokens"):
        fit(data, tmp_path / "taught", PLAN, teacher=[directories[0], tmp_path / "other"])


@pytest.mark.parametrize("damage", ["config.json", "model.safetensors", "target_tokenizer.json"])
def test_a_teacher_that_can_not_be_read_is_a_sentence(
    data: Path, directories: list[Path], tmp_path: Path, damage: str
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(directories[0], broken)
    (broken / damage).write_bytes(b"{}")
    with pytest.raises(InputError, match="broken"):
        fit(data, tmp_path / "taught", PLAN, teacher=[broken])
