# curl -d '{"seconds": [0.05, 0.05]}' http://127.0.0.1:8080/greetings/report
import asyncio
import json
import time

from parts.statistics import summary


async def handler(event, context):
    seconds = json.loads(event.get("body") or "{}").get("seconds", [])
    began = time.monotonic()
    # All of them wait at the same time, and so do the other invocations in this machine.
    await asyncio.gather(*(asyncio.sleep(each) for each in seconds))
    return {"waited": round(time.monotonic() - began, 2), **summary(seconds), "request": context.aws_request_id}
