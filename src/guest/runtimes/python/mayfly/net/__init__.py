"""Connections and look-ups beyond the machine, which the host makes."""
