"""What code does before its machine is frozen as a template, and afterwards in each clone."""
