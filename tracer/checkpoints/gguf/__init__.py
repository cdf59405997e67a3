"""GGUF, llama.cpp's format: the container, its blocks of quantised numbers, and what transformers calls all of it."""
