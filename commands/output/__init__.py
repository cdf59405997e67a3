"""How what commands say leaves: as text, JSON or a document; on the screen, to a file, to another program."""
