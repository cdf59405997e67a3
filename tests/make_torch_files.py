"""Make files of `torch.save` with torch (extra `parity`): state dicts, what stands beside one, and what is none.

python tests/make_torch_files.py
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

FILES = Path(__file__).parent / "fixtures" / "torch_files"
TYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")


class Net(nn.Module):
    """Two linear maps, the second of which has the first one's weight, and a count."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4, bias=False)
        self.norm = nn.BatchNorm1d(4)
        self.first.weight.data = table(4, 4)
        self.second.weight = self.first.weight


def table(*shape: int) -> torch.Tensor:
    """The numbers from 0 on."""
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)


def views() -> Mapping[str, Any]:
    """The same numbers looked at in several ways, and two tensors of one storage."""
    row = table(24)
    return {
        "plain": row.view(4, 6),
        "turned": row.view(4, 6).t(),
        "cube": row.view(2, 3, 4).permute(2, 0, 1),
        "later": row[12:],
        "strided": row[1::5],
        "columns": row.view(4, 6)[:, 2:4],
        "repeated": row[:3].expand(4, 3),
        "turned_half": row.to(torch.bfloat16).view(4, 6).t(),
        "parameter": nn.Parameter(table(3, 2)),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 4),
    }


def training(net: Net) -> Mapping[str, Any]:
    """What a script saves to go on later, the model in two wrappers."""
    optimizer = torch.optim.Adam(net.parameters())
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    model = {f"module._orig_mod.{name}": tensor for name, tensor in net.state_dict().items()}
    return {"model": model, "optimizer": optimizer.state_dict(), "epoch": 3, "args": {"lr": 1e-3, "name": "net"}}


def made() -> Mapping[str, Any]:
    """What is saved in which file."""
    warnings.simplefilter("ignore")
    scaled = torch.quantize_per_tensor(table(4), 0.1, 0, torch.qint8)
    return {
        "state": Net().state_dict(),
        "types": {kind: table(3, 4).to(getattr(torch, kind)) for kind in TYPES},
        "views": views(),
        "training": training(Net()),
        "whole": Net(),
        "quantised": {"weight": scaled},
        "sparse": {"weight": table(2, 2).to_sparse()},
        "meta": {"weight": torch.empty(2, device="meta")},
        "float8": {"weight": table(2).to(torch.float8_e4m3fn)},
        "several": {"generator": {"weight": table(2)}, "critic": {"weight": table(2)}},
        "listed": [table(2)],
    }


def main() -> None:
    """Write every file."""
    FILES.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    for name, saved in made().items():
        torch.save(saved, FILES / f"{name}.pt")


if __name__ == "__main__":
    main()
