"""What is seen: renderables that lay themselves out for the width at hand. The only place that imports rich."""
