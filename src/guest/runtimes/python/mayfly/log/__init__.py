"""Brings what user code prints to the host."""
