"""Make `fixtures/descents.json` with torch (extra `parity`): a model trained for three steps, by SGD and by Adam.

    python tests/make_descents.py

The checkpoint is `torch_post`, in float64 and without dropout; the loss is the sum over one pair of texts. Of every
parameter some numbers are kept, as they are afterwards.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS / "ports"))
from nn_transformer import NnTransformer  # noqa: E402

SOURCE, TARGET = [7, 11, 12, 5, 2], [1, 17, 16, 9]
RATES = {"SGD": 0.01, "Adam": 0.01}
STEPS = 3
KEPT = 5
"""Every so many-th number of a parameter is kept, the last one too."""


def trained(name: str) -> dict[str, Any]:
    """The losses before each step and after the last, and the parameters."""
    model = NnTransformer.read(TESTS / "fixtures" / "torch_post")
    optimizer = getattr(torch.optim, name)(model.parameters(), lr=RATES[name])
    losses = []
    for _step in range(STEPS):
        losses.append(loss_of(model))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    losses.append(loss_of(model))
    kept = {key: sampled(parameter.detach()) for key, parameter in model.named_parameters()}
    return {"rate": RATES[name], "losses": [loss.item() for loss in losses], "parameters": kept}


def loss_of(model: NnTransformer) -> torch.Tensor:
    """The sum of −log p over the given output."""
    logits = model(torch.tensor([SOURCE]), torch.tensor([TARGET])).logits[0]
    return F.cross_entropy(logits[:-1], torch.tensor(TARGET[1:]), reduction="sum")


def sampled(parameter: torch.Tensor) -> list[float]:
    """Some numbers of a parameter, in the order of the file."""
    flat = parameter.flatten()
    return [*flat[:: max(1, len(flat) // KEPT)].tolist(), flat[-1].item()]


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    found = {"source": SOURCE, "target": TARGET, "kept": KEPT, **{name: trained(name) for name in RATES}}
    (TESTS / "fixtures" / "descents.json").write_text(json.dumps(found) + "\n")
