import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { afterwards } from "../base/testing/afterwards.ts";
import { listening } from "../base/testing/listening.ts";
import { callOnce } from "./call.ts";

test("a call whose reply begins a tunnel or another protocol ends with an error", async (context) => {
  const server = createServer();
  server.on("connect", (_request, socket) => void socket.end("HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\n\r\n"));
  server.on(
    "upgrade",
    (_request, socket) => void socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
  );
  const port = await listening(server);
  afterwards(context, () => void server.close());
  const call = (method: string, headers: [string, string][]) =>
    callOnce({ url: new URL(`http://127.0.0.1:${port}/shop/buy`), method, headers, body: undefined });
  await assert.rejects(call("CONNECT", []), { code: "not-done" });
  await assert.rejects(
    call("GET", [
      ["connection", "upgrade"],
      ["upgrade", "x"],
    ]),
    { code: "not-done" },
  );
});
