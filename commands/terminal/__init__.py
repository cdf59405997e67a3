"""The prompt, and what is kept from one session to the next."""
