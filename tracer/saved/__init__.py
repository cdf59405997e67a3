"""Trace files: a run as one safetensors file, opened without its model.

Every tensor lies under its address, ``@1:decoder.0.cross_attn.weights``, for any program that reads such files; what
operations they come of, what runs along their axes and what was traced is JSON in the metadata.
"""
