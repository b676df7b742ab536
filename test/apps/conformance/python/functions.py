"""The functions of the suite of runtimes. Those that wait block a thread each, which can do nothing else meanwhile."""
import ctypes
import os
import random
import sys
import threading
import time
import uuid

import greeter


def query(event):
    return event.get("queryStringParameters") or {}


def text(body):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": body}


def greets(event, context):
    name = query(event)["name"]
    print(f"greeting {name}")
    with open("words.txt") as words:
        return text(f"{greeter.greet(words.read().strip(), name)}, in {os.environ['COLOUR']}!\n")


opened = threading.Event()


def streams(event, context):
    if event["rawPath"] == "/open":
        opened.set()
        yield "opened"
        return
    yield "first"
    opened.wait()
    yield "second"


def prints(event, context):
    word = query(event)["word"]
    print(f"begin {word}")
    time.sleep(0.02)
    print(f"end {word}", file=sys.stderr)
    return text("printed\n")


def waits(event, context):
    time.sleep(0.05)
    return text("waited\n")


def draws(event, context):
    return text(f"{int(time.time() * 1000)} {random.random()} {uuid.uuid4()}")


def hears(event, context):
    print("listening")
    context.aborted.wait()
    print("heard")


def misbehaves(event, context):
    deed = query(event).get("do", "")
    print(f"asked to {deed or 'behave'}")
    if deed == "throw":
        raise ValueError("thrown on demand")
    if deed == "paths":
        for path, word in (("/dev/stdout", "output"), ("/proc/self/fd/2", "errors")):
            with open(path, "w") as file:
                print(f"written to the path of {word}", file=file)
    if deed == "exit":
        sys.exit(7)
    if deed == "crash":
        ctypes.string_at(0)
    while deed == "spin":
        pass
    held = []
    while deed == "leak":
        held.append(bytearray(1 << 20))
    return text("behaved\n")
