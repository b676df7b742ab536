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
        if begun != errno.EINPROGRESS:
            return {"error": errno.errorcode[begun], "text": os.strerror(begun)}
        if not select.select([], [connection], [], 30)[1]:
            return {"error": "never writable", "text": ""}
        number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number != 0:
            return {"error": errno.errorcode[number], "text": os.strerror(number)}
        peer = connection.getpeername()
        if not select.select([connection], [], [], 30)[0]:
            return {"error": "never readable", "text": ""}
        return [[connection.recv(99).decode().strip(), *peer]]
