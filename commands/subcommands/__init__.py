"""What `tx-trace` does besides opening a session: models, check, train."""
