"""A network that grows out of another computes the same at first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tracer.errors import InputError

torch = pytest.importorskip("torch")
from safetensors.torch import load_file  # noqa: E402

import tracer  # noqa: E402
from tracer.model import BUILTIN  # noqa: E402
from tracer.training import vocabularies  # noqa: E402
from tracer.training.growing import grow, tokenizer_in  # noqa: E402
from tracer.training.network import Network  # noqa: E402

TINY = BUILTIN / "zh-en-tiny"


@pytest.fixture(scope="module")
def words() -> object:
    """The tokenizer of the source, as it is."""
    return vocabularies.Tokenizer.from_file(str(TINY / "source_tokenizer.json"))


def test_a_wider_network_computes_the_same(words: vocabularies.Tokenizer) -> None:
    config = tracer.load("zh-en-tiny").config
    network, wider = (Network(replace(config, ffn=ffn)).eval() for ffn in (config.ffn, config.ffn + 8))
    network.load_state_dict(load_file(TINY / "model.safetensors"))
    grow(wider, TINY, words)
    source, target = torch.tensor([[5, 6, 7, 2]]), torch.tensor([[1, 5, 6]])
    with torch.no_grad():
        torch.testing.assert_close(wider(source, target), network(source, target))


def test_a_piece_starts_as_the_mean_of_its_parts(words: vocabularies.Tokenizer) -> None:
    config = tracer.load("zh-en-tiny").config
    known = [word for word in words.get_vocab() if len(word) == 1][:2]
    joined = "".join(known)
    pieces = vocabularies.pieces([joined] * 3, [joined])
    network = Network(replace(config, source_vocab=pieces.get_vocab_size()))
    grow(network, TINY, pieces)
    embedding = load_file(TINY / "model.safetensors")["encoder.embed.weight"].float()
    expected = embedding[[words.token_to_id(word) for word in known]].mean(0)
    found = network.encoder["embed"].weight[pieces.token_to_id(joined)]
    torch.testing.assert_close(found.detach(), expected)


def test_nothing_grows_out_of_another_shape(words: vocabularies.Tokenizer, tmp_path: Path) -> None:
    config = tracer.load("zh-en-tiny").config
    with pytest.raises(InputError, match="no network of this shape grows from it"):
        grow(Network(replace(config, d_model=config.d_model // 2)), TINY, words)
    with pytest.raises(InputError, match="no network of this shape grows from it"):
        grow(Network(config), tmp_path, words)
    with pytest.raises(InputError, match="is no tokenizer"):
        tokenizer_in(tmp_path, "target")
