"""Mayfly's guest agent for Python. It speaks the protocol of docs/guest-protocol.md, and needs the standard library only."""

VERSION = "0.1.0"
