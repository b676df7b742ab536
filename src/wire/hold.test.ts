/** What happens to frames for a machine that is stopped. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { connectModelGuest, recordingSink, requestHead, settle } from "./testing/model-guest.ts";
import { until } from "../base/clock/until.ts";
import { Flag, FrameType } from "./protocol.ts";

const ready = { protocol: 3, agent: "model", node: "26.10.0", kernel: "host" };

test("a request to a stopped machine is kept, and sent after the Resume has been answered", async () => {
  const { host, guest, got, told } = connectModelGuest();
  let wanted = 0;
  host.hold(() => (wanted += 1));
  await settle();
  assert.equal(wanted, 0);
  const stream = host.request(requestHead, null, true, recordingSink(told));
  host.request(requestHead, Buffer.from("second"), true, recordingSink(told));
  await settle();
  assert.deepEqual([wanted, got.length, stream.sent], [1, 0, false]);
  const resumed = host.resume(5, Buffer.alloc(64), "m-1", false);
  await settle();
  assert.deepEqual([got.map(({ type }) => type), stream.sent], [[FrameType.Resume], false]);
  guest.json(FrameType.Ready, 0, ready);
  await resumed;
  host.release();
  await settle();
  assert.deepEqual(
    got.map(({ type }) => type),
    [FrameType.Resume, FrameType.Request, FrameType.Request],
  );
  assert.equal(got[2]?.payload.toString().endsWith("second"), true);
  assert.ok(stream.sent);
  guest.headed(FrameType.Response, Flag.End, stream.stream, "200", Buffer.from("hi"));
  await settle();
  assert.deepEqual(told, ["sink head 200  hi true", "sink closed"]);
});

test("whatever the host has to send wakes the machine, including bytes for a connection of the guest", async () => {
  const [outside, socket] = duplexPair();
  const { host, guest, got } = connectModelGuest({ connect: async () => socket as never });
  guest.json(FrameType.Connect, 2, { host: "example.org", port: 80 });
  await until(() => got.some(({ type }) => type === FrameType.Connected));
  const before = got.length;
  let wanted = 0;
  host.hold(() => (wanted += 1));
  outside.write("news");
  await until(() => wanted > 0);
  assert.equal(got.length, before);
  host.release();
  await until(() => got.length > before);
  assert.deepEqual([got.at(-1)?.type, got.at(-1)?.payload.toString()], [FrameType.Data, "news"]);
});

test("more bodies than a channel takes at once wait for a machine, and the machine is not given up for that", async () => {
  const { host, got, told } = connectModelGuest();
  host.hold(() => {});
  const body = Buffer.alloc(60_000, 1);
  for (let n = 0; n < 300; n += 1) host.request(requestHead, body, true, recordingSink([]));
  await settle();
  host.release();
  const bytes = () => got.reduce((sum, { type, payload }) => sum + (type === FrameType.Data ? payload.length : 0), 0);
  const ridden = () => got.filter(({ type, payload }) => type === FrameType.Request && payload.length > 60_000).length;
  await until(() => bytes() + ridden() * 60_000 === 300 * 60_000);
  assert.deepEqual(told, []);
});

test("`traffic` changes with every frame in either direction, except Stats", async () => {
  const { host, guest, told } = connectModelGuest();
  const before = host.traffic;
  const stats = { cpuMs: 1, loopDelayMeanMs: 0, loopDelayMaxMs: 0, loopUtilization: 0, heapUsedBytes: 1, rssBytes: 1, inFlight: 0 };
  guest.json(FrameType.Stats, 0, stats);
  await until(() => told.length === 1);
  assert.deepEqual([host.traffic, host.heard], [before, 1]);
  guest.frame(FrameType.Log, 0, 0, Buffer.from("\u0001hello"));
  await until(() => told.length === 2);
  const heard = host.traffic;
  assert.notEqual(heard, before);
  host.request(requestHead, null, true, recordingSink([]));
  assert.notEqual(host.traffic, heard);
});
