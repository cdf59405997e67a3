"""What `tx-trace` does besides opening a session, a subcommand a file."""
