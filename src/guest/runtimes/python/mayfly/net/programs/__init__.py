"""
The network of what does not connect through Python's own sockets: child processes, and packages in C such as clients of databases. The
machine's first program (src/guest/redirect) leads their connections to a listener of the agent's; names are looked up by DNS at the machine's
loopback.
"""
