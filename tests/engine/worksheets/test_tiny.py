"""Small models that are drawn: whole numbers, a sentence translated as it should be, the same from the same seed."""

import numpy as np
import pytest

from tracer.addresses import At
from tracer.errors import InputError
from tracer.operation import Trait
from tracer.run import Run
from tracer.worksheets.tiny import Drawn, drawn, named
from tracer.worksheets.words import Words

DRAWN = [Drawn(seed, heads) for seed in (0, 2, 7) for heads in (1, 2)]


def run_of(of):
    """A run of a drawn model, to its end."""
    model = drawn(of)
    run = Run(model, model.source_ids(of.text)[0])
    for _step in run:
        pass
    while run.goes_on:
        run.step(run.computed + 1)
    return run


@pytest.mark.parametrize("of", DRAWN, ids=str)
def test_it_writes_the_translation_of_its_sentence(of):
    assert run_of(of).text == of.translation


@pytest.mark.parametrize("of", DRAWN, ids=str)
def test_parameters_are_whole_numbers_but_for_embeddings(of):
    for name, parameter in drawn(of).parameters.items():
        assert "embed" in name or np.array_equal(parameter.array, np.rint(parameter.array)), name


@pytest.mark.parametrize("of", DRAWN, ids=str)
def test_rows_that_attention_reads_are_whole_numbers(of):
    run = run_of(of)
    for at in (At(0), At(3)):
        stack = "decoder" if at.number else "encoder"
        found = run.at(at).find(f"{stack}.embed.output").output.array
        assert np.abs(found - np.rint(found)).max() < 1e-5


@pytest.mark.parametrize("of", DRAWN, ids=str)
def test_no_number_is_unpleasant(of):
    run = run_of(of)
    for record in (record for step in (0, 1, 2, 3) for record in run.at(At(step))):
        assert not np.isnan(record.output.array).any()
        if record.has(Trait.NORM):
            assert record.inputs[0].array.std(-1).min() >= 0.5
        if record.address == "choice.logits":
            *_others, second, first = np.sort(record.output.array)
            assert first - second >= 0.5 - 1e-4


def test_the_same_seed_draws_the_same_model():
    one, other = drawn(Drawn(2)), drawn.__wrapped__(Drawn(2))
    assert all(np.array_equal(one.parameters[name].array, p.array) for name, p in other.parameters.items())
    assert one.parameters.keys() == other.parameters.keys()


def test_it_computes_in_doubles_too():
    model = drawn(Drawn(2)).computing_in("float64")
    assert model.dtype == "float64"
    assert Run(model, model.source_ids(Drawn(2).text)[0]).at(At(0)).find("encoder.output").output.dtype == np.float64


@pytest.mark.parametrize("of", DRAWN, ids=str)
def test_a_model_is_found_by_its_name(of):
    assert named(of.name) == of
    assert drawn(of).name == of.name
    assert drawn(of).config.heads == of.heads


@pytest.mark.parametrize("name", ["worksheet:", "worksheet:x", "worksheet:1234567", "worksheet:1:3", "worksheet:٣"])
def test_a_name_that_only_begins_like_one_is_refused(name):
    with pytest.raises(InputError, match="a model of a worksheet is worksheet:7"):
        named(name)


def test_other_names_are_none():
    assert named("zh-en") is named("worksheets/7") is None


def test_words_are_cut_longest_first_and_what_is_unknown_is_told():
    words = Words(["我", "我们", "爱"])
    assert words.encode("我们爱我").pieces == ["我们", "爱", "我"]
    assert words.encode("我 x 爱").unknown == ["x"]
    assert words.decode([5, 6]) == "我们爱"


def test_what_stands_after_a_text_is_added():
    words = Words(["we", "love"], " ", ["</s>"])
    assert words.encode("we love").pieces == ["we", "love", "</s>"]
    assert words.decode(words.encode("we love").ids) == "we love"
