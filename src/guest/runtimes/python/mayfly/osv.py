"""
OSv is one process in one address space: no fork, no exec, no socketpair, no Unix sockets. It claims to be Linux when asked, so what
starts the guest says so in MAYFLY_GUEST. What the agent does differently there is in resume/ (the clock cannot be set, and the kernel takes
no entropy) and in handlers/event_loop.py (a pair of TCP sockets in place of a socketpair).
"""

import os

on_osv = os.environ.pop("MAYFLY_GUEST", "") == "osv"
