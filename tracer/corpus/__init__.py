"""The same questions asked of every sentence of a corpus: reading it, asking, and what the answers come to."""
