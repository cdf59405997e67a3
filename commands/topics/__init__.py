"""What help explains besides commands and settings: a file each, found where it stands."""
