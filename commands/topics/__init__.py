"""What help explains besides commands and settings: a topic a file, found where it stands."""
