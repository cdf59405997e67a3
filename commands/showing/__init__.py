"""What commands yield, and how it leaves: views for people, objects for programs, documents."""
