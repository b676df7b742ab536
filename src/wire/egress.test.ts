import { test } from "node:test";
import assert from "node:assert/strict";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { systemClock } from "../base/clock/clock.ts";
import { createEgress } from "../egress/create-egress.ts";
import { MayflyError } from "../base/errors/error.ts";
import { connectModelGuest, json, settle } from "./testing/model-guest.ts";
import { until } from "../base/clock/until.ts";
import { Flag, FrameType, INITIAL_CREDIT, Limit, ResetCode } from "./protocol.ts";
import { listening } from "../base/testing/listening.ts";

test("a guest's connection carries bytes both ways, within credit, and each direction closes on its own", async () => {
  await using echo = await listen((socket) => {
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("end", () => socket.end("bye"));
  });
  const { guest, got, told } = toServer(echo.server);
  guest.json(FrameType.Connect, 2, { host: "example.com", port: 80 });
  await until(() => got.length === 1);
  assert.equal(got[0]!.type, FrameType.Connected);
  assert.deepEqual(JSON.parse(got[0]!.payload.toString()), { address: "127.0.0.1", port: echo.port, family: 4 });
  guest.frame(FrameType.Data, 0, 2, Buffer.from("hello"));
  await until(() => got.some((frame) => frame.payload.toString() === "hello"));
  guest.frame(FrameType.Data, Flag.End, 2, Buffer.from("!"));
  await until(() => got.at(-1)!.flags === Flag.End);
  assert.match(Buffer.concat(got.slice(1).map((frame) => frame.payload)).toString(), /^hello!bye$/);
  assert.deepEqual(told, []);
});

test("what a server sends stops at the guest's credit, and all of it arrives after the server closed", async () => {
  await using source = await listen((socket) => socket.end(Buffer.alloc(300_000, "x")));
  const { guest, got } = toServer(source.server);
  guest.json(FrameType.Connect, 2, { host: "example.com", port: 80 });
  const received = () => got.reduce((sum, frame) => sum + (frame.type === FrameType.Data ? frame.payload.length : 0), 0);
  await until(() => received() === INITIAL_CREDIT);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(received(), INITIAL_CREDIT);
  for (let granted = INITIAL_CREDIT; granted < 300_000; granted += 50_000) guest.credit(2, 50_000);
  await until(() => got.at(-1)!.flags === Flag.End);
  assert.equal(received(), 300_000);
});

test("while a server does not read, the guest may send only one window", async () => {
  await using silent = await listen((socket) => socket.pause());
  const { guest, got, told } = toServer(silent.server);
  guest.json(FrameType.Connect, 2, { host: "example.com", port: 80 });
  await until(() => got.length === 1);
  let sent = 0;
  let granted = INITIAL_CREDIT;
  for (let idle = 0; idle < 200; idle += 1) {
    granted = got.reduce((sum, frame) => sum + (frame.type === FrameType.Credit ? frame.payload.readUInt32LE() : 0), INITIAL_CREDIT);
    while (granted - sent >= 1_000) {
      guest.frame(FrameType.Data, 0, 2, Buffer.alloc(1_000));
      sent += 1_000;
      idle = 0;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(sent < 20_000_000, `${sent} bytes were taken for a server that read nothing`);
  guest.frame(FrameType.Data, 0, 2, Buffer.alloc(granted - sent + 1));
  await until(() => told.length === 1);
  assert.match(told[0]!, /^dead true more bytes than it had credit for/);
});

test("refusals and failures reach the guest as Resets with their reasons", async () => {
  const denied = () => Promise.reject(new MayflyError("egress-denied", { address: "10.0.0.1:80" }));
  const { guest, got } = connectModelGuest({ connect: denied, resolve: () => Promise.reject(new Error("no such name")) });
  guest.json(FrameType.Connect, 2, { host: "10.0.0.1", port: 80 });
  guest.json(FrameType.Resolve, 4, { host: "nowhere.test", family: 0 });
  await until(() => got.length === 2);
  assert.deepEqual(
    got.map((frame) => [frame.stream, frame.payload.readUInt16LE()]),
    [
      [2, ResetCode.EgressDenied],
      [4, ResetCode.ResolveFailed],
    ],
  );
  assert.equal(got[1]!.payload.toString("utf8", 2), "- no such name");
});

test("names are resolved; an answer that the guest no longer wants is dropped", async () => {
  const { guest, got, told } = connectModelGuest({ resolve: async () => [{ address: "192.0.2.1", family: 4 }] });
  guest.json(FrameType.Resolve, 2, { host: "a.test", family: 4 });
  guest.reset(2, ResetCode.Cancelled, "");
  guest.json(FrameType.Resolve, 4, { host: "b.test", family: 0 });
  await until(() => got.length === 1);
  assert.equal(got[0]!.stream, 4);
  assert.deepEqual(JSON.parse(got[0]!.payload.toString()), { addresses: [{ address: "192.0.2.1", family: 4 }] });
  assert.deepEqual(told, []);
});

test("more streams than allowed are refused, and the machine lives on", async () => {
  const { guest, got, told } = connectModelGuest({ connect: () => new Promise(() => {}) });
  for (let n = 1; n <= Limit.guestStreams + 10; n += 1) guest.json(FrameType.Connect, 2 * n, { host: "a.test", port: 80 });
  await until(() => got.length === 10);
  assert.ok(got.every((frame) => frame.payload.readUInt16LE() === ResetCode.Refused));
  assert.deepEqual(told, []);
});

test("a socket that connects after the guest took its Connect back, or after its machine ended, is destroyed", async () => {
  await using server = await listen((socket) => socket.resume().on("end", () => socket.end()));
  const { guest, host, got } = toServer(server.server);
  guest.json(FrameType.Connect, 2, { host: "a.test", port: 80 });
  guest.reset(2, ResetCode.Cancelled, "");
  guest.json(FrameType.Connect, 4, { host: "a.test", port: 80 });
  await until(() => got.length === 1 && server.sockets.length === 2);
  host.close();
  await until(() => server.sockets.every((socket) => socket.closed));
});

test("frames on a connection that the host has closed are dropped; on one that never existed, they are a violation", async () => {
  const { guest, got, told } = connectModelGuest();
  guest.json(FrameType.Connect, 2, { host: "a.test", port: 80 });
  await until(() => got.length === 1);
  guest.frame(FrameType.Data, 0, 2, Buffer.from("late"));
  guest.credit(2, 5);
  guest.reset(2, ResetCode.Cancelled, "");
  guest.frame(FrameType.Data, 0, 4, Buffer.from("what"));
  await until(() => told.length > 0);
  assert.deepEqual(told, ["dead true a frame on stream 4, which was never opened"]);
});

test("Data on closed connections is a violation once it exceeds what could have been under way", async () => {
  for (const [bytes, frames, reason] of [
    [Limit.data, 800, /^dead true more Data on closed connections/],
    [1, 140_000, /^dead true it floods/],
  ] as const) {
    const stopped = { ...systemClock, now: () => 0 };
    const { guest, told } = connectModelGuest({}, stopped);
    guest.json(FrameType.Connect, 2, { host: "a", port: 1 });
    await settle();
    const chunk = Buffer.alloc(bytes);
    for (let n = 0; n < 700; n += 1) guest.frame(FrameType.Data, 0, 2, chunk);
    await settle();
    assert.deepEqual(told, []);
    for (let n = 700; n < frames; n += 1) guest.frame(FrameType.Data, 0, 2, chunk);
    await until(() => told.length > 0);
    assert.match(told[0]!, reason);
  }
});

test("a malformed Connect or Resolve is a violation", async () => {
  for (const [type, asked] of [
    [FrameType.Connect, { host: 1, port: 1 }],
    [FrameType.Connect, { host: "a", port: "80" }],
    [FrameType.Connect, { host: "a" }],
    [FrameType.Connect, "a"],
    [FrameType.Connect, null],
    [FrameType.Resolve, { host: "a", family: 5 }],
    [FrameType.Resolve, { family: 4 }],
  ] as const) {
    const { guest, told } = connectModelGuest();
    guest.frame(type, 0, 2, json(asked));
    await until(() => told.length > 0);
    assert.match(told[0]!, /^dead true a (Connect|Resolve) that is malformed/);
  }
});

test("an invalid host or port, which a caller may have chosen, is refused by egress and is no violation", async () => {
  const egress = createEgress({ allow: [] });
  const { guest, got, told } = connectModelGuest({
    connect: (host, port) => egress.connect(host, port),
    resolve: (host, family) => egress.resolve(host, family),
  });
  const asked = ["", "a b", "a,b", "é.example", "\ud800", "a\0b", "x".repeat(60_000)].map((host) => ({ host, port: 80, family: 0 }));
  const ports = [-1, 65_536, 1.5, 1e308].map((port) => ({ host: "a", port, family: 0 }));
  for (const [at, message] of [...asked, ...ports].entries()) guest.json(FrameType.Connect, 2 + 2 * at, message);
  for (const [at, message] of asked.entries()) guest.json(FrameType.Resolve, 102 + 2 * at, message);
  await until(() => got.length === 2 * asked.length + ports.length);
  assert.ok(got.every(({ type }) => type === FrameType.Reset));
  const codes = new Set(got.map((frame) => frame.payload.readUInt16LE()));
  assert.deepEqual(
    [...codes].toSorted((a, b) => a - b),
    [ResetCode.EgressDenied, ResetCode.ResolveFailed],
  );
  assert.deepEqual(told, []);
});

test("a question is aborted when the guest takes it back, or when its channel ends", async () => {
  const asked: AbortSignal[] = [];
  const never = (_host: string, _more: number, gone: AbortSignal) => {
    asked.push(gone);
    return new Promise<never>(() => {});
  };
  const { guest, host, got } = connectModelGuest({ connect: never, resolve: never });
  guest.json(FrameType.Connect, 2, { host: "a.test", port: 80 });
  guest.json(FrameType.Resolve, 4, { host: "a.test", family: 4 });
  guest.json(FrameType.Connect, 6, { host: "a.test", port: 80 });
  guest.json(FrameType.Resolve, 8, { host: "a.test", family: 4 });
  guest.reset(2, ResetCode.Cancelled, "");
  guest.reset(4, ResetCode.Cancelled, "");
  await until(() => asked.filter(({ aborted }) => aborted).length === 2);
  assert.deepEqual(
    asked.map(({ aborted }) => aborted),
    [true, true, false, false],
  );
  host.close();
  assert.ok(asked.every(({ aborted }) => aborted));
  assert.deepEqual(got, []);
});

function toServer(server: Server) {
  return connectModelGuest({
    async connect() {
      const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
      await once(socket, "connect");
      return socket;
    },
  });
}

async function listen(onSocket: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {}); // the other end may be destroyed, which `closed` reports
    sockets.push(socket);
    onSocket(socket);
  });
  const port = await listening(server);
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { server, sockets, port, [Symbol.asyncDispose]: async () => close() };
}
