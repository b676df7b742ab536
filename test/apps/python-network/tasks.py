"""As reach.py, on the event loop."""

import asyncio


async def said(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    text = (await reader.read()).decode().strip()
    peer = writer.get_extra_info("peername")
    writer.close()
    return [text, *peer]


async def handler(event, context):
    query = event["queryStringParameters"]
    host, port, times = query["host"], int(query["port"]), int(query.get("times", 1))
    try:
        return await asyncio.gather(*(said(host, port) for _ in range(times)))
    except OSError as error:
        return {"error": type(error).__name__, "text": str(error)}
