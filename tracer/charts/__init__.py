"""The plan of a model as a tape has it: what its modules are made of, and what goes from one to the other."""
