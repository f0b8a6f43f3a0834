"""What is claimed, and what is public of it."""
