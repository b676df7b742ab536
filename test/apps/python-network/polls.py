"""As reach.py, with a socket that does not block, as libraries with a loop of their own have it."""

import errno
import os
import select
import socket


def handler(event, context):
    query = event["queryStringParameters"]
    with socket.socket() as connection:
        connection.setblocking(False)
        begun = connection.connect_ex((query["host"], int(query["port"])))
        select.select([], [connection], [], 30)
        number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if begun != errno.EINPROGRESS or number != 0:
            return {"error": errno.errorcode[number or begun], "text": os.strerror(number)}
        peer = connection.getpeername()
        select.select([connection], [], [], 30)
        return [[connection.recv(99).decode().strip(), *peer]]
