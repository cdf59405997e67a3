"""Every architecture is whole: found by its name, with a layout, and backed by a reference."""

import json

import pytest

from tracer.errors import InputError
from tracer.models import architecture, known

from ..conftest import FIXTURES

CHECKED = {json.loads(path.read_text(encoding="utf-8"))["model_type"] for path in FIXTURES.glob("*/config.json")}


@pytest.mark.parametrize("model_type", known())
def test_an_architecture_is_found_by_its_name(model_type: str) -> None:
    assert architecture(model_type).model_type == model_type
    assert architecture(model_type).__doc__


def test_every_architecture_has_a_reference() -> None:
    assert set(known()) - CHECKED == {"transformer"}, "the built-in models and the training check that one"


def test_an_unknown_architecture_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'lama'.*llama"):
        architecture("lama")
