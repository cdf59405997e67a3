"""What becomes of each key of published configurations in each family, as the code that reads them has it: `fates.md`.

`python tests/fates.py` writes the table anew. The keys are those of `fixtures/stated/published.json`, which occur in
files that people publish or in transformers' classes, and whatever else the code asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tracer.models import architecture
from tracer.models.account import FOLLOWED, NOTED
from tracer.models.gpt2 import Gpt2
from tracer.models.rest import settle
from tracer.models.scaling import KINDS
from tracer.models.stated import Stated
from tracer.models.texts import texts_of

TESTS = Path(__file__).parent
TABLE = TESTS / "fates.md"
PUBLISHED: Mapping[str, list[str]] = json.loads((TESTS / "fixtures/stated/published.json").read_text(encoding="utf-8"))

HEADING = """\
# What becomes of a key of config.json

*followed*: as transformers does it; *refused*: one sentence, and the checkpoint does not open; *no effect*: on any
number computed here, which `tx-trace models PATH` lists; *said*: as not followed, when the checkpoint opens; *of
decoding*: what a generation_config.json may state too, and counts here where there is none.
"""
STATES = {"factor": 2.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "mscale": 1.0, "mscale_all_dim": 1.0}
FACTORS = {"short_factor": [1.0] * 64, "long_factor": [2.0] * 64}
OF_DECODING = "of decoding"


def account(family: str, scaling: str) -> Stated:
    """A file of a family that asks for a kind of rotary scaling and states next to nothing else, once it was read."""
    kind = architecture(family)
    states = STATES | {"rope_type": scaling} | (FACTORS if scaling == "longrope" else {})
    stated = Stated({"num_hidden_layers": 1, "rope_parameters": states})
    kind.configure(stated)
    stated.fates = dict.fromkeys(decoding(), OF_DECODING) | stated.fates
    settle(stated, texts_of(kind.passes))
    return stated


def decoding() -> set[str]:
    """The keys that say how to decode."""
    generation = Stated({})
    Gpt2.rules(object.__new__(Gpt2), generation)
    return generation.fates.keys() | {"decoder_start_token_id"}


def of_family(family: str) -> Mapping[str, str]:
    """What becomes of each key in a family; what a kind of scaling follows is followed."""
    fates = dict.fromkeys(PUBLISHED[family], NOTED)
    for scaling in KINDS:
        found = account(family, scaling).fates
        fates |= {key: fate for key, fate in found.items() if fates.get(key) != FOLLOWED}
    return fates


def of_scaling(kind: str) -> Mapping[str, str]:
    """What becomes of each key of the object that asks for a kind of rotary scaling."""
    [scaling] = account("llama", kind).parts
    return {key: fate for key, fate in scaling.fates.items() if key != "model_type"}


def table(columns: Mapping[str, Mapping[str, str]]) -> str:
    """A row for each key, a column for each family or kind; what nobody asks for is said."""
    keys = sorted(set().union(*columns.values()))
    lines = [["key", *columns], ["---"] * (len(columns) + 1)]
    lines += [[f"`{key}`", *(fates.get(key, NOTED) for fates in columns.values())] for key in keys]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written() -> str:
    """The whole page."""
    families = {family: of_family(family) for family in PUBLISHED}
    scalings = {kind: of_scaling(kind) for kind in KINDS}
    within = "Within `rope_parameters` or `rope_scaling`, by `rope_type`:"
    return f"{HEADING}\n{table(families)}\n{within}\n\n{table(scalings)}"


if __name__ == "__main__":
    TABLE.write_text(written(), encoding="utf-8")
