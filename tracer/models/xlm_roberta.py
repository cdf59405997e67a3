"""XLM-RoBERTa (Conneau et al. 2020): RoBERTa in many languages."""

from __future__ import annotations

from typing import ClassVar

from .bert import Config, configured
from .roberta import Roberta, counting
from .stated import Stated


class XlmRoberta(Roberta):
    """RoBERTa with another vocabulary."""

    model_type: ClassVar[str] = "xlm-roberta"

    @classmethod
    def configure(cls, stated: Stated) -> Config:
        return counting(configured(stated, pad_id=1), stated)
