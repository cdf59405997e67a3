"""The writer of views for terminals: rich draws them. The only place, but for pictures, that imports rich."""
