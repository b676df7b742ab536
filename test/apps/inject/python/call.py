"""Makes HTTPS requests as the caller's query says, and tells what became of them and where in the machine the secret can be found."""

import base64
import hashlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

_connections = {}


def handler(event, context):
    query = event["queryStringParameters"]
    way = {"fetch": by_urllib, "https": by_client, "child": by_child, "websocket": by_websocket}[query["way"]]
    answers = []
    for _ in range(int(query["times"])):
        try:
            status, text = way(query["url"], query.get("mine", ""), int(query.get("bytes") or 0), "ca" in query)
            answers.append({"status": status, "text": text})
        except Exception as error:
            answers.append({"error": f"{type(error).__name__}: {error}"})
    variables = json.dumps(dict(os.environ))
    return {"answers": answers, "holds": ["variables"] if query["secret"] in variables else []}


def by_urllib(url, mine, size, by_ca):
    request = urllib.request.Request(url, b"x" * size or None, {"Authorization": mine, "X-Mine": "1"})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def by_client(url, mine, size, by_ca):
    parts = urllib.parse.urlsplit(url)
    key = parts.netloc, by_ca
    if key not in _connections:
        context = ssl.create_default_context(cadata=os.environ["CA"] if by_ca else None)
        _connections[key] = http.client.HTTPSConnection(parts.netloc, context=context)
    connection = _connections[key]
    try:
        path = parts.path + ("?" + parts.query if parts.query else "")
        connection.request("POST" if size else "GET", path, b"x" * size or None, {"Authorization": mine, "X-Mine": "1"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    except BaseException:
        connection.close()
        raise


def by_websocket(url, mine, size, by_ca):
    """The first message that comes, as the text of a response with status 200. It is one frame, which no mask hides (RFC 6455, 5.2)."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPSConnection(parts.netloc, context=ssl.create_default_context())
    key = base64.b64encode(os.urandom(16)).decode()
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    path = parts.path + ("?" + parts.query if parts.query else "")
    connection.request("GET", path, None, {**headers, "Authorization": mine, "X-Mine": "1"})
    response = connection.getresponse()
    if response.status != 101:
        return response.status, response.read().decode()
    accepted = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    assert response.headers["Sec-WebSocket-Accept"] == base64.b64encode(accepted).decode()
    kind, length = response.fp.read(2)
    assert (kind, length) == (0x81, 126)
    text = response.fp.read(int.from_bytes(response.fp.read(2), "big")).decode()
    connection.close()
    return 200, text


_CHILD = """
import sys, urllib.request
with urllib.request.urlopen(urllib.request.Request(sys.argv[1], None, {"X-Mine": "1"})) as response:
    print(response.status, response.read().decode())
"""


def by_child(url, mine, size, by_ca):
    done = subprocess.run([sys.executable, "-c", _CHILD, url], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    status, text = done.stdout.split(" ", 1)
    return int(status), text
