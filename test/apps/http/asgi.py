async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        return await send({"type": "http.response.body", "body": b"plain"})
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            print("closed with", message["code"])
            return
        await send({"type": "websocket.send", **{key: message[key] for key in ("text", "bytes") if message.get(key) is not None}})
