"""Connects to ?host=&port=, ?times= at once, and says what the other side said, or how it failed."""

import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor


def said(host, port):
    with socket.create_connection((host, port), timeout=30) as connection:
        return [connection.makefile().read().strip(), *connection.getpeername()]


def handler(event, context):
    query = event["queryStringParameters"]
    host, port, times = query["host"], int(query["port"]), int(query.get("times", 1))
    try:
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(said, [host] * times, [port] * times))
    except OSError as error:
        return {"error": type(error).__name__, "text": str(error)}


def fails(event, context):
    urllib.request.urlopen("http://192.0.2.7/")
