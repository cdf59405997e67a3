"""Decoding: how the next token is chosen, and what is kept from step to step."""
