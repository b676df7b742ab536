"""
A web server of Python's own library, which draws shapes as SVG from templates.

  mayfly deploy examples/python-server
  mayfly invoke shapes/web/circle?colour=tomato

Packages of a requirements.txt are installed at the deploy: with gunicorn among them, the command is
["python3", "-m", "gunicorn", "app:app"], and the port is in the variable PORT.
"""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, urlsplit

SHAPES = Path(__file__).parent / "shapes"


class Shapes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        name = url.path.removeprefix("/")
        if name not in {file.stem for file in SHAPES.glob("*.svg")}:
            return self.send_error(404, "no such shape")
        colour = parse_qs(url.query).get("colour", ["steelblue"])[0]
        if not colour.isalpha():
            return self.send_error(400, "colour must be the name of one")
        svg = Template((SHAPES / f"{name}.svg").read_text()).substitute(colour=colour).encode()
        print("drawing a", name)
        self.send_response(200)
        self.send_header("content-type", "image/svg+xml")
        self.send_header("content-length", str(len(svg)))
        self.end_headers()
        self.wfile.write(svg)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shapes).serve_forever()
