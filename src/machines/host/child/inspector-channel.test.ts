import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { until } from "../../../base/clock/until.ts";
import { openInspectorChannel } from "./inspector-channel.ts";

function frame(id: number, bytes: Uint8Array, length = bytes.byteLength): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(id, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, bytes]);
}

async function opened(context: TestContext): Promise<{ guest: Socket; file: string }> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-inspector-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  afterwards(context, () => void server.close());
  const guest = connect((server.address() as AddressInfo).port, "127.0.0.1");
  afterwards(context, () => void guest.destroy());
  const [host] = (await once(server, "connection")) as [Socket];
  const file = join(folder, "boot-1");
  afterwards(context, openInspectorChannel(host, file));
  return { guest, file };
}

test("a debugger's bytes reach the guest in frames of its connection, and the guest's reach the debugger", async (context) => {
  const { guest, file } = await opened(context);
  guest.write(frame(0, Buffer.from("ws://127.0.0.1:1/secret")));
  await until(() => existsSync(file), { what: "the address" });
  const url = new URL(readFileSync(file, "utf8"));
  assert.equal(url.pathname, "/secret");
  const debuggers = connect(Number(url.port), "127.0.0.1");
  afterwards(context, () => void debuggers.destroy());
  debuggers.write("hello");
  const [heard] = (await once(guest, "data")) as [Buffer];
  assert.deepEqual(heard, frame(1, Buffer.from("hello")));
  // Of a connection that there is not, and in pieces.
  for (const byte of Buffer.concat([frame(7, Buffer.from("nobody")), frame(1, Buffer.from("you too"))])) guest.write(Buffer.of(byte));
  const [answer] = (await once(debuggers, "data")) as [Buffer];
  assert.equal("you too".startsWith(String(answer)), true);
});

for (const [what, bytes] of Object.entries({
  "a frame that is too long": frame(1, Buffer.alloc(0), 2 ** 31),
  "an address that is none": frame(0, Buffer.from("nonsense")),
}))
  test(`${what} ends the channel, and nothing else`, async (context) => {
    const { guest, file } = await opened(context);
    guest.on("error", () => undefined).resume();
    guest.write(bytes);
    await once(guest, "close");
    assert.equal(existsSync(file), false);
  });
