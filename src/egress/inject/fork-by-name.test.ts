/** What stands between a machine and a connection to the outside until it is known whether the host ends it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { until } from "../../base/clock/until.ts";
import { listening } from "../../base/testing/listening.ts";
import { forkByName } from "./fork-by-name.ts";
import type { Scope } from "./testing/ends.ts";

/** The machine's end of a connection to a server, and the host's socket behind it. */
async function forked(t: Scope, onConnection: (end: Socket) => void, choose: Parameters<typeof forkByName>[1] = () => undefined) {
  const server = createServer({ allowHalfOpen: true }, (end) => {
    t.after(() => end.destroy());
    onConnection(end.on("error", () => {}));
  });
  const port = await listening(server);
  t.after(() => server.close());
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  t.after(() => socket.destroy());
  await once(socket, "connect");
  const front = forkByName(socket, choose);
  front.on("error", () => {});
  return { front, socket };
}

/** Resolves when the bytes have been taken. */
function write(front: Duplex, bytes: Buffer): Promise<true> {
  return new Promise((resolve, reject) => front.write(bytes, (error) => (error ? reject(error) : resolve(true))));
}

/** As a frame of one byte is of the chunk that it came in. */
function viewOf(chunk: Buffer, byte: number): Buffer {
  chunk[0] = byte;
  return chunk.subarray(0, 1);
}

test("what comes before the name is known is kept as a copy, not as views of what it came in", async (t) => {
  const { front } = await forked(t, (end) => void end.pipe(end));
  const chunk = Buffer.alloc(65_536);
  // It begins like a record of TLS that never ends.
  const sent = [22, 3, 1, 0, 9, 1];
  for (const byte of sent) await write(front, viewOf(chunk, byte));
  front.end();
  assert.deepEqual([...(await buffer(front))], sent);
});

test("nothing more is taken while nobody reads what was", async (t) => {
  const machine = Promise.withResolvers<Duplex>();
  const { front } = await forked(
    t,
    () => {},
    () => machine.resolve,
  );
  let isTaken = false;
  const first = write(front, Buffer.from("not TLS"));
  const second = write(front, Buffer.from("more")).then(() => (isTaken = true));
  const end = await machine.promise;
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(!isTaken);
  end.resume();
  await Promise.all([first, second]);
});

test("one piece waits for a server that does not read", async (t) => {
  const { front, socket } = await forked(t, (end) => void end.pause());
  const piece = Buffer.alloc(16_384, "x");
  let isTaken = true;
  // The kernel's buffers take the first ones.
  while (isTaken) isTaken = await Promise.race([write(front, piece), new Promise<false>((resolve) => setTimeout(resolve, 1_000, false))]);
  assert.ok(socket.writableLength <= piece.length, `${socket.writableLength} bytes wait`);
});

test("a connection that closes behind the end of what the server sent is told to the machine", async (t) => {
  const { front, socket } = await forked(t, (end) => void end.end("bye"));
  let got = "";
  front.on("data", (bytes: Buffer) => (got += bytes.toString()));
  await once(front, "end");
  assert.deepEqual([got, front.destroyed], ["bye", false]);
  socket.destroy();
  await until(() => front.destroyed, { what: "the machine's end" });
});
