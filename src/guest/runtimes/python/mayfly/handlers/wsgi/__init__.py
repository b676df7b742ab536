"""Apps of WSGI (PEP 3333), such as those of Flask and Django."""
