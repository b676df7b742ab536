"""Does what its caller asks for, good or bad."""
import ctypes
import sys


def handler(event, context):
    deed = (event.get("queryStringParameters") or {}).get("do", "")
    print(f"asked to {deed or 'behave'}")
    if deed == "throw":
        raise ValueError("thrown on demand")
    if deed == "exit":
        sys.exit(7)
    if deed == "spin":
        while True:
            pass
    if deed == "leak":
        held = []
        while True:
            held.append(bytearray(1 << 20))
    if deed == "crash":
        ctypes.string_at(0)
    return {"statusCode": 200, "body": "behaved\n"}
