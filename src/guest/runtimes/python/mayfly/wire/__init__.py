"""The frames of the host-guest protocol, and the channel that they cross."""
