"""What a machine is told first, and after every pause: the time, and randomness of its own."""
