"""What commands have to say: objects for programs, and views for people."""
