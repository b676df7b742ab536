import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";

import { openQmp } from "./qmp.ts";
import { listening } from "../../base/testing/listening.ts";

/** Both ends of a connection: ours, and QEMU's. */
async function pair() {
  const server = net.createServer();
  const port = await listening(server);
  const accepted = once(server, "connection") as Promise<[net.Socket]>;
  const ours = net.connect(port, "127.0.0.1");
  const [theirs] = await accepted;
  server.close();
  return { qmp: openQmp(ours), theirs };
}

test("answers go to the commands in order, and events to those who wait for them", async () => {
  const { qmp, theirs } = await pair();
  const first = qmp.command("first");
  const second = qmp.command("second", { a: 1 });
  const event = qmp.event("MIGRATION", ({ status }) => status === "completed");
  theirs.write('{"QMP":{}}\n{"event":"MIGRATION","data":{"status":"active"}}\n{"return":1}\n{"event":"MIGRA');
  theirs.write('TION","data":{"status":"completed"}}\n{"error":{"desc":"no such thing"}}\n');
  assert.equal(await first, 1);
  await assert.rejects(second, /no such thing/);
  assert.deepEqual(await event, { status: "completed" });
  qmp.close();
});

for (const [what, bytes] of [
  ["junk", "junk\n"],
  ["a line without an end", "x".repeat(1_100_000)],
] as const) {
  test(`${what} ends the connection, and everything that waits on it rejects`, async () => {
    const { qmp, theirs } = await pair();
    theirs.on("error", () => undefined);
    const waiting = [qmp.command("stop"), qmp.event("RESUME")];
    theirs.write(bytes);
    for (const wait of waiting) await assert.rejects(wait, /connection is over/);
    await assert.rejects(qmp.command("cont"), /connection is over/);
  });
}
