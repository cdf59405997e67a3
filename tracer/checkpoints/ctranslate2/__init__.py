"""CTranslate2's model.bin: the variables in it, their quantised numbers, and what transformers calls all of it."""
