"""Training small translation Transformers: the only part of the house that uses torch (extra ``train``)."""
