"""Waits 50 ms as for a database, in a thread or as a coroutine."""

import asyncio
import time

REPLY = {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "waited\n"}


def handler(event, context):
    time.sleep(0.05)
    return REPLY


async def coroutine(event, context):
    await asyncio.sleep(0.05)
    return REPLY
