"""The ways to write a function, and how each is run."""
