import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { listening } from "../testing/listening.ts";
import { breakOff } from "./break-off.ts";

/** Both ends of a connection, of which either direction can be ended alone. */
async function pair(context: TestContext): Promise<[own: Socket, peer: Socket]> {
  const server = createServer({ allowHalfOpen: true });
  const port = await listening(server);
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const peer = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).resume();
  const [own] = await accepted;
  server.close();
  context.after(() => [own, peer].forEach((socket) => socket.destroy()));
  return [own, peer];
}

test("an open connection, and one with bytes that wait, are reset", async (context) => {
  for (const waiting of [0, 20_000_000]) {
    const [own, peer] = await pair(context);
    own.end(Buffer.alloc(waiting || 1));
    if (waiting === 0) await once(peer, "end");
    else peer.pause();
    const failed = once(peer, "error").catch((error: unknown) => [error]);
    const closed = once(own, "close");
    breakOff(own);
    await closed;
    if (waiting > 0) assert.equal(((await failed) as [NodeJS.ErrnoException])[0].code, "ECONNRESET");
  }
});

test("a connection whose end is on its way is closed, and emits no error", async (context) => {
  for (const text of ["", "x"]) {
    const [own, peer] = await pair(context);
    const ended = once(peer, "end");
    const closed = once(own, "close");
    own.end(text);
    breakOff(own);
    await closed;
    await ended;
  }
});
