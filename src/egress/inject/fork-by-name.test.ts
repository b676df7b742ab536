/** What stands between a machine and a connection to the outside until it is known whether the host ends it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { listening } from "../../base/testing/listening.ts";
import { forkByName } from "./fork-by-name.ts";

/** As a frame of one byte is of the chunk that it came in. */
function viewOf(chunk: Buffer, byte: number): Buffer {
  chunk[0] = byte;
  return chunk.subarray(0, 1);
}

test("what comes before the name is known is kept as a copy, not as views of what it came in", async (t) => {
  const server = createServer({ allowHalfOpen: true }, (socket) => void socket.on("error", () => {}).pipe(socket));
  const port = await listening(server);
  t.after(() => server.close());
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  t.after(() => socket.destroy());
  await once(socket, "connect");
  const front = forkByName(socket, () => undefined);
  const chunk = Buffer.alloc(65_536);
  // It begins like a record of TLS that never ends.
  const sent = [22, 3, 1, 0, 9, 1];
  for (const byte of sent) await new Promise((taken) => front.write(viewOf(chunk, byte), taken));
  front.end();
  assert.deepEqual([...(await buffer(front))], sent);
});
