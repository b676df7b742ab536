import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import { MayflyError } from "../base/errors/error.ts";
import { until } from "../base/clock/until.ts";
import { listening } from "../base/testing/listening.ts";
import { FrameReader } from "./frame-reader.ts";
import { fromHost } from "./frame-rules.ts";
import { FrameWriter } from "./frame-writer.ts";
import type { HostEndEvents } from "./host-end.ts";
import { openMountsEnd } from "./mounts-end.ts";
import { Flag, FrameType, ResetCode } from "./protocol.ts";

function carrier(outside: HostEndEvents["connect"]) {
  const [hostChannel, guestChannel] = duplexPair();
  const got: { type: number; flags: number; stream: number; payload: Buffer }[] = [];
  const told: string[] = [];
  const reader = new FrameReader(fromHost, (type, flags, stream, payload) =>
    got.push({ type, flags, stream, payload: Buffer.from(payload) }),
  );
  guestChannel.on("data", (chunk: Buffer) => reader.push(chunk));
  const end = openMountsEnd(hostChannel, { connect: outside, dead: (reason, violation) => told.push(`${violation} ${reason}`) });
  return { end, guestChannel, guest: new FrameWriter(guestChannel), got, told };
}

const nobody = () => Promise.reject(new MayflyError("egress-denied", { address: "b:2049", reason: "it is another's" }));

test("a connection of a mount carries bytes both ways; closing the channel ends it", async (t) => {
  const server = createServer((socket) => socket.pipe(socket));
  const port = await listening(server);
  t.after(() => server.close());
  const { end, guest, got, told } = carrier(async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  });
  const before = end.traffic;
  guest.json(FrameType.Connect, 2, { host: "a", port: 2_049 });
  await until(() => got.at(-1)?.type === FrameType.Connected);
  guest.frame(FrameType.Data, 0, 2, Buffer.from("hello"));
  await until(() => got.at(-1)?.payload.toString() === "hello");
  assert.ok(end.traffic > before);
  const [connections] = await new Promise<number[]>((resolve) => server.getConnections((_error, count) => resolve([count])));
  assert.equal(connections, 1);
  end.close();
  await until(async () => (await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)))) === 0);
  assert.deepEqual(told, []);
});

test("a server that is not one of the app's mounts is refused, and the channel goes on", async () => {
  const { guest, got, told } = carrier(nobody);
  for (const stream of [2, 4]) guest.json(FrameType.Connect, stream, { host: "b", port: 2_049 });
  await until(() => got.length === 2);
  assert.deepEqual(
    got.map(({ type, stream, payload }) => [type, stream, payload.readUInt16LE(0)]),
    [2, 4].map((stream) => [FrameType.Reset, stream, ResetCode.EgressDenied]),
  );
  assert.deepEqual(told, []);
});

test("any other frame is a violation, and so is the end of the channel an end", async () => {
  const log = carrier(nobody);
  log.guest.frame(FrameType.Log, 0, 0, Buffer.from("\x01hello"));
  await until(() => log.told.length === 1);
  assert.match(log.told[0]!, /^true a frame of type 12, which this side may not send/);

  const data = carrier(nobody);
  data.guest.frame(FrameType.Data, Flag.End, 2, Buffer.from("hello"));
  await until(() => data.told.length === 1);
  assert.match(data.told[0]!, /^true a frame on stream 2, which was never opened/);

  const ended = carrier(nobody);
  ended.guestChannel.end();
  await until(() => ended.told.length === 1);
  assert.match(ended.told[0]!, /^false the channel of mounts ended/);
});
