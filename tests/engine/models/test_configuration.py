import re
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.errors import InputError
from tracer.models import architecture, known

from ..conftest import CONFIG, Checkpoint


def test_architectures_are_found_by_their_model_type() -> None:
    assert {"transformer", "torch_nn_transformer"} <= set(known())
    for name in known():
        assert architecture(name).model_type == name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "tranformer"}, "model_type 'tranformer' is not known.*did you mean transformer"),
        ({"model_type": None}, r"config\.json: model_type is missing; expected a name"),
        ({"model_type": ["gpt2"]}, r"config\.json: model_type is \['gpt2'\]; expected a name"),
        ({"encoder_layers": 10**9}, "encoder_layers is 1000000000; expected a whole number from 1 to 1024$"),
        ({"pad_id": True}, "pad_id is True; expected a token id"),
        ({"d_modle": 16}, "unknown key d_modle; did you mean d_model"),
        ({"whatever": 1}, "unknown key whatever$"),
        ({"heads": 3}, r"heads \(3\) must divide d_model \(16\)"),
        ({"heads": 0}, "heads is 0; expected a whole number from 1"),
        ({"heads": True}, "heads is True"),
        ({"d_model": 16.0}, r"d_model is 16\.0"),
        ({"d_model": None}, "d_model is missing"),
        ({"ffn": "many"}, "ffn is 'many'"),
        ({"source_vocab": 1 << 40}, "source_vocab is 1099511627776"),
        ({"activation": "tanhh"}, "activation is 'tanhh'; expected one of relu, gelu"),
        ({"activation": ["relu"]}, r"activation is \['relu'\]"),
        ({"norm": "middle"}, "norm is 'middle'; expected one of post, pre"),
        ({"norm_eps": -1}, "norm_eps is -1"),
        ({"norm_eps": float("nan")}, "norm_eps is nan"),
        ({"final_norm": 1}, "final_norm is 1; expected true or false"),
        ({"cache": "off"}, "cache is 'off'; expected true or false"),
        ({"pad_id": -1}, "pad_id is -1; expected a token id"),
    ],
)
def test_a_configuration_that_makes_no_sense_names_the_key(
    checkpoint: Checkpoint, changes: dict[str, Any], message: str
) -> None:
    path = broken(checkpoint, changes)
    with pytest.raises(InputError, match=message) as caught:
        tracer.load(path)
    assert len(str(caught.value).splitlines()) == 1


def broken(checkpoint: Checkpoint, changes: dict[str, Any]) -> Path:
    """A checkpoint whose configuration is changed after its parameters were written."""
    import json

    path = checkpoint()
    (path / "config.json").write_text(json.dumps(CONFIG | changes))
    return path


def test_what_a_configuration_leaves_out_has_a_default(checkpoint: Checkpoint) -> None:
    config = tracer.load(str(checkpoint(norm="post", final_norm=False, activation="relu", tied_output=True))).config
    assert (config.pad_id, config.bos_id, config.eos_id, config.norm_eps, config.cache) == (0, 1, 2, 1e-5, True)


def test_a_model_describes_itself(checkpoint: Checkpoint) -> None:
    model = tracer.load(str(checkpoint()), "float64")
    assert model.describe() == f"{model.path.name}: encoder–decoder, 1+2 layers × 2 heads, d_model 16, float64"
    assert re.fullmatch(r"checkpoint\d+", model.name)
