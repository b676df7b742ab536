import { test } from "node:test";
import assert from "node:assert/strict";
import { connectModelGuest, json, recordingSink, headWith, requestHead, settle } from "./testing/model-guest.ts";
import { Flag, FrameType, INITIAL_CREDIT, Limit, LogLevel, ResetCode } from "./protocol.ts";

const hello = { protocol: { min: 3, max: 3 }, agent: "model" };
const ready = { protocol: 3, agent: "model", node: "26.10.0", kernel: "host" };

test("a fresh guest is resumed after its Hello, a clone at once", async () => {
  const { host, guest, got } = connectModelGuest();
  const resumed = host.resume(1_000.5, Buffer.alloc(64, 1), "m-1", true);
  await settle();
  assert.equal(got.length, 0);
  guest.json(FrameType.Hello, 0, hello);
  await settle();
  assert.deepEqual(JSON.parse(got[0]!.payload.toString()), {
    protocol: { min: 3, max: 3 },
    now: 1_000.5,
    entropy: Buffer.alloc(64, 1).toString("base64"),
    machine: "m-1",
    trailers: true,
  });
  guest.json(FrameType.Ready, 0, ready);
  assert.deepEqual(await resumed, ready);

  const clone = connectModelGuest();
  const cloneResumed = clone.host.resume(1, Buffer.alloc(64), "m-2", false);
  clone.guest.json(FrameType.Ready, 0, ready);
  assert.equal((await cloneResumed).node, "26.10.0");
});

test("an agent of another version is refused with an error that names both versions, and not as a violation", async () => {
  for (const [min, max, spoken] of [
    [1, 1, "1"],
    [4, 6, "4 to 6"],
  ] as const) {
    const { host, guest, got, told } = connectModelGuest();
    const resumed = host.resume(1, Buffer.alloc(64), "m-1", true);
    guest.json(FrameType.Hello, 0, { ...hello, protocol: { min, max } });
    const message = `The machine's agent speaks version ${spoken} of the host-guest protocol, and this Mayfly speaks version 3.`;
    await assert.rejects(resumed, { code: "protocol-version-mismatch", message });
    assert.deepEqual(told, [`dead false ${message.slice(0, -1)}`]);
    assert.deepEqual(got, []);
  }
});

test("a clone of another version, which sends no Hello, is refused when its Ready comes", async () => {
  const { host, guest, told } = connectModelGuest();
  const resumed = host.resume(1, Buffer.alloc(64), "m-1", false);
  guest.json(FrameType.Ready, 0, { ...ready, protocol: 1 });
  await assert.rejects(resumed, { code: "protocol-version-mismatch" });
  assert.match(told[0]!, /^dead false .*speaks version 1 of .*speaks version 3$/);
});

test("code larger than several windows crosses with the Bind", async () => {
  const { host, guest, got } = connectModelGuest();
  const code = [Buffer.alloc(150_000, "a"), new Uint8Array(50_000).fill(98)];
  const functions = code.map((part, n) => ({
    name: `f${n}`,
    format: "cjs" as const,
    source: { type: "frames" as const, bytes: part.length },
    handler: "handler",
  }));
  const bound = host.bind({ app: "a", revision: "v", functions, env: {}, memoryMb: 128, egress: false }, code);
  await settle(50);
  assert.equal(got[0]!.type, FrameType.Bind);
  assert.equal(got.at(-1)!.flags, Flag.End);
  assert.equal(JSON.parse(got[0]!.payload.subarray(4).toString()).app, "a");
  const sent = Buffer.concat(got.slice(1).map((frame) => frame.payload));
  assert.equal(sent.toString(), "a".repeat(150_000) + "b".repeat(50_000));
  guest.json(FrameType.Bound, got[0]!.stream, { ok: true });
  await bound;
});

test("a refused Bind rejects with the guest's message as its cause", async () => {
  const { host, guest, got } = connectModelGuest();
  const bound = host.bind({ app: "a", revision: "v", functions: [], env: {}, memoryMb: 128, egress: false }, []);
  await settle();
  guest.json(FrameType.Bound, got[0]!.stream, { ok: false, message: "syntax error" });
  await assert.rejects(bound, (error: Error) => (error.cause as Error).message === "syntax error");
});

test("a small request and its reply take one frame each", async () => {
  const { host, guest, got, told } = connectModelGuest();
  const stream = host.request(headWith(["a", "b"]), null, true, recordingSink(told));
  assert.equal(stream.sent, false);
  await settle();
  assert.equal(stream.sent, true);
  assert.equal(got.length, 1);
  assert.equal(got[0]!.flags, Flag.End);
  assert.equal(got[0]!.payload.toString("latin1", 4), "http\ni-1\nhello\n1000\n1\n7\n\n\nhttp-v2\nGET\nhttp://a/\na\nb");
  guest.headed(FrameType.Response, Flag.End, stream.stream, "200\nx\ny", Buffer.from("hi"));
  await settle();
  assert.deepEqual(told, ["sink head 200 x,y hi true", "sink closed"]);
});

test("a streamed reply reaches the sink in order, and credit is granted as the sink consumes", async () => {
  const { host, guest, got, told } = connectModelGuest();
  const stream = host.request(requestHead, null, true, recordingSink(told));
  guest.headed(FrameType.Response, 0, stream.stream, "200", Buffer.from("a"));
  guest.frame(FrameType.Data, 0, stream.stream, Buffer.alloc(40_000));
  await settle();
  stream.consumed(1);
  await settle();
  assert.equal(got.length, 1);
  stream.consumed(40_000);
  await settle();
  assert.equal(got[1]!.type, FrameType.Credit);
  assert.equal(got[1]!.payload.readUInt32LE(), 40_001);
  guest.frame(FrameType.Data, Flag.End | Flag.Pending, stream.stream, Buffer.from("z"));
  await settle();
  assert.deepEqual(told, ["sink head 200  a false", "sink data 40000", "sink data 1", "sink end"]);
  guest.frame(FrameType.Done, 0, stream.stream, null);
  await settle();
  assert.equal(told.at(-1), "sink closed");
});

test("a request body stops at its credit and goes on with the guest's grants", async () => {
  const { host, guest, got, told } = connectModelGuest();
  const stream = host.request(requestHead, Buffer.alloc(100), false, recordingSink(told));
  assert.equal(stream.write(Buffer.alloc(INITIAL_CREDIT - 100)), true);
  assert.equal(stream.write(Buffer.alloc(10)), false);
  stream.end();
  await settle();
  const bodyBytes = () => got.reduce((sum, frame) => sum + (frame.type === FrameType.Data ? frame.payload.length : 0), 100);
  assert.equal(bodyBytes(), INITIAL_CREDIT);
  guest.credit(stream.stream, 5);
  await settle();
  assert.equal(bodyBytes(), INITIAL_CREDIT + 5);
  assert.deepEqual(told, []);
  guest.credit(stream.stream, 50);
  await settle();
  assert.equal(bodyBytes(), INITIAL_CREDIT + 10);
  assert.equal(got.at(-1)!.flags, Flag.End);
  assert.deepEqual(told, ["sink drain"]);
});

test("a body that is too large for its head's frame follows it", async () => {
  const { host, got } = connectModelGuest();
  const headers = ["x", "y".repeat(Limit.head - 50)];
  host.request(headWith(headers), Buffer.alloc(INITIAL_CREDIT, "b"), true, recordingSink([]));
  await settle(20);
  assert.deepEqual(
    got.map((frame) => [frame.type, frame.flags]),
    [
      [FrameType.Request, 0],
      [FrameType.Data, 0],
      [FrameType.Data, Flag.End],
    ],
  );
});

test("after a reset the sink is told nothing but closed, once the guest has ended the invocation", async () => {
  const { host, guest, got, told } = connectModelGuest();
  const stream = host.request(requestHead, null, true, recordingSink(told));
  stream.reset(ResetCode.Cancelled, "gone");
  guest.headed(FrameType.Response, 0, stream.stream, "200", null);
  guest.frame(FrameType.Data, 0, stream.stream, Buffer.from("late"));
  await settle();
  assert.equal(got[1]!.type, FrameType.Reset);
  assert.deepEqual(told, []);
  guest.reset(stream.stream, ResetCode.Cancelled, "");
  await settle();
  assert.deepEqual(told, ["sink closed"]);
});

test("a guest's reset reaches the sink with its code and message, then closed", async () => {
  const { host, guest, told } = connectModelGuest();
  const stream = host.request(requestHead, null, true, recordingSink(told));
  guest.reset(stream.stream, ResetCode.FunctionThrew, "boom é");
  await settle();
  assert.deepEqual(told, ["sink reset 7 boom é", "sink closed"]);
});

test("a thousand streams at once are kept apart, and the number of one that stays open is not used again", async () => {
  const { host, guest, told } = connectModelGuest();
  const long = host.request(requestHead, null, true, recordingSink(told, "long"));
  for (let round = 0; round < 3; round += 1) {
    const streams = Array.from({ length: 1_000 }, (_, n) => host.request(requestHead, null, true, recordingSink(told, `s${n}`)));
    assert.equal(new Set(streams.map((stream) => stream.stream)).size, 1_000);
    for (const stream of streams.toReversed()) guest.headed(FrameType.Response, Flag.End, stream.stream, "204", null);
    await settle(20);
  }
  assert.equal(told.filter((line) => line.endsWith(" closed")).length, 3_000);
  guest.headed(FrameType.Response, Flag.End, long.stream, "200", null);
  await settle();
  assert.equal(told.at(-1), "long closed");
});

test("a ping measures the round trip; a Pong without a Ping is a violation", async () => {
  const { host, guest, got, told } = connectModelGuest();
  const ping = host.ping();
  await settle();
  guest.frame(FrameType.Pong, 0, 0, got[0]!.payload);
  assert.ok((await ping) >= 0);
  guest.frame(FrameType.Pong, 0, 0, got[0]!.payload);
  await settle();
  assert.match(told[0]!, /^dead true a Pong/);
});

test("questions that wait are rejected when the channel ends, and the end is reported once", async () => {
  const { host, guestChannel, told } = connectModelGuest();
  const ping = host.ping();
  guestChannel.end();
  guestChannel.destroy();
  await assert.rejects(ping, { code: "machine-died" });
  await settle();
  assert.deepEqual(told, ["dead false the channel ended"]);
  await assert.rejects(host.ping(), { code: "machine-died" });
});

test("nothing is reported after close()", async () => {
  const { host, guest, told } = connectModelGuest();
  host.close();
  guest.frame(FrameType.Stats, 0, 0, json({}));
  await settle();
  assert.deepEqual(told, []);
});

test("a machine that floods its log loses lines, its log says so, and the machine lives on", async () => {
  const { guest, told } = connectModelGuest();
  const line = Buffer.concat([Buffer.from([1]), Buffer.alloc(10_000, "x")]);
  for (let n = 0; n < 1_000; n += 1) guest.frame(FrameType.Log, 0, 0, line);
  await settle(50);
  const kept = told.filter((text) => text.startsWith("log 0 1"));
  assert.ok(kept.length > 200 && kept.length < 400, `${kept.length} kept`);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.match(told.at(-1)!, /^log 0 5 Dropped \d+ log lines/);
});

test("while a guest does not read, streams are held back; then the guest is given up", async () => {
  const { host, guestChannel, told } = connectModelGuest();
  guestChannel.pause();
  const sink = recordingSink(told);
  let refused = 0;
  for (let n = 0; n < 40; n += 1) {
    if (!host.request(requestHead, null, false, sink).write(Buffer.alloc(60_000))) refused += 1;
    await settle(2);
  }
  assert.ok(refused > 10, `${refused} streams were told to wait`);
  assert.deepEqual(told, []);
  for (let n = 0; n < 200; n += 1) host.request(headWith(["x", "y".repeat(60_000)]), null, true, sink);
  await settle();
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^dead true does not read/);
});

test("held bodies are sent when the guest reads again", async () => {
  const { host, guestChannel, got, told } = connectModelGuest();
  guestChannel.pause();
  const streams = Array.from({ length: 40 }, () => host.request(requestHead, null, false, recordingSink(told)));
  for (const stream of streams) {
    stream.write(Buffer.alloc(60_000));
    stream.end();
    await settle(2);
  }
  guestChannel.resume();
  await settle(2_000);
  assert.equal(got.filter((frame) => frame.flags === Flag.End).length, 40);
  assert.ok(told.length > 10 && told.every((line) => line === "sink drain"));
});

test("a guest's log lines may have levels up to Agent; Platform is a violation", async () => {
  const { guest, told } = connectModelGuest();
  for (const level of [0, 1, 2, 3, 4]) guest.frame(FrameType.Log, 0, 0, Buffer.from([level, 120]));
  await settle();
  assert.deepEqual(told, ["log 0 0 x", "log 0 1 x", "log 0 2 x", "log 0 3 x", "log 0 4 x"]);
  assert.equal(LogLevel.Agent, 4);
  guest.frame(FrameType.Log, 0, 0, Buffer.from([LogLevel.Platform, 120]));
  await settle();
  assert.deepEqual(told.slice(5), ["dead true a Log of level 5"]);
});
