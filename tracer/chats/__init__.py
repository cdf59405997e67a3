"""Chats: a question put as a model's chat template has it, rendered apart from the program, and whose part is whose."""
