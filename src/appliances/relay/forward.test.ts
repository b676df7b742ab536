import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { createCrowd } from "./crowd.ts";
import { openForward } from "./forward.ts";
import { freePort, listening } from "../../base/testing/listening.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { systemClock } from "../../base/clock/clock.ts";
import { breakOff } from "../../base/network/break-off.ts";
import { within } from "../../base/clock/within.ts";

const ROUNDS = 150;

async function listen(context: TestContext, onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  const port = await listening(server);
  context.after(() => server.close());
  return port;
}

/** Resolves when the client is closed, for whatever reason. */
function closed(client: Socket): Promise<void> {
  return new Promise((resolve) => void (client.closed ? resolve() : client.once("close", () => resolve())));
}

async function forward(context: TestContext, to: number, limit: number) {
  const port = await freePort();
  const notes: string[] = [];
  const close = await openForward({ name: "p", from: { host: "127.0.0.1", port }, to, limit, note: (note) => notes.push(note) });
  context.after(close);
  return { port, notes };
}

test("bytes go both ways, and an end of one direction leaves the other open", async (context) => {
  const machine = await listen(context, (socket) => {
    let all = "";
    socket.on("data", (chunk) => (all += String(chunk)));
    socket.on("end", () => socket.end(`got ${all}`));
  });
  const { port } = await forward(context, machine, 10);
  const client = connect(port, "127.0.0.1");
  client.end("hello");
  assert.equal(await text(client), "got hello");
});

test("beyond its limit a port refuses connections and a note says so; open connections go on working", async (context) => {
  const machine = await listen(context, (socket) => socket.on("error", () => undefined).pipe(socket));
  const { port, notes } = await forward(context, machine, 20);
  const clients: Socket[] = [];
  for (let i = 0; i < 60; i++) clients.push(connect(port, "127.0.0.1").on("error", () => undefined));
  context.after(() => clients.forEach((client) => client.destroy()));
  await Promise.all(clients.slice(20).map(closed));
  assert.match(notes.join(), /connections to p are refused: 20 are open already/);
  for (const client of clients.slice(0, 20)) {
    client.write("x");
    await once(client, "data");
  }
});

test("a machine that does not listen costs the client its connection only", async (context) => {
  const { port } = await forward(context, await freePort(), 10);
  for (let i = 0; i < 3; i++) {
    const client = connect(port, "127.0.0.1").on("error", () => undefined);
    await closed(client);
  }
});

test("if a port is full, a client with few connections gets one of the client's with most, even if all are busy", async (context) => {
  const { crowd, from, closedOnes } = await crowdOf(context, 5);
  assert.ok(crowd.admit(from(0, "192.0.2.1"), 0));
  assert.ok(crowd.admit(from(1, "192.0.2.2"), 1));
  for (const index of [2, 3, 4]) assert.ok(crowd.admit(from(index, "192.0.2.1"), 10 + index));
  assert.equal(crowd.admit(from(5, "192.0.2.1"), 20), false, "it has most itself, and nobody is idle");
  assert.ok(crowd.admit(from(6, "192.0.2.3"), 20), "another gets one at once");
  assert.deepEqual(closedOnes(), [0]);
  assert.ok(crowd.admit(from(7, "192.0.2.3"), 21));
  assert.deepEqual(closedOnes(), [0, 2]);
  assert.equal(crowd.admit(from(8, "192.0.2.3"), 22), false, "two each, and one: all have their share");
  assert.equal(crowd.admit(from(8, "192.0.2.2"), 22), false);
  assert.ok(crowd.admit(from(8, "192.0.2.4"), 23));
  assert.deepEqual(closedOnes(), [0, 2, 3]);
});

test("connections from one /64 of IPv6 are one client's, whatever their addresses", async (context) => {
  const { crowd, from, closedOnes } = await crowdOf(context, 4);
  for (const index of [0, 1, 2, 3]) assert.ok(crowd.admit(from(index, `2001:db8:0:1::${index + 1}`), index));
  assert.equal(crowd.admit(from(4, "2001:db8:0:1:ffff::9"), 10), false);
  assert.ok(crowd.admit(from(4, "::ffff:192.0.2.1"), 10));
  assert.ok(crowd.admit(from(5, "192.0.2.1"), 10));
  assert.equal(crowd.admit(from(6, "192.0.2.1"), 10), false, "two each");
  assert.deepEqual(closedOnes(), [0, 1]);
});

test("if a port is full, connections that are idle make room, and in the end are closed in any case", async (context) => {
  const { crowd, from, closedOnes } = await crowdOf(context, 2);
  assert.ok(crowd.admit(from(0, "192.0.2.1"), 0));
  assert.ok(crowd.admit(from(1, "192.0.2.2"), 5_000));
  assert.equal(crowd.admit(from(2, "192.0.2.3"), 9_000), false);
  assert.ok(crowd.admit(from(2, "192.0.2.3"), 12_000));
  assert.deepEqual(closedOnes(), [0]);
  crowd.look(120_000);
  assert.deepEqual(closedOnes(), [0, 1, 2]);
});

/** A crowd with connections that seem to come from other addresses. */
async function crowdOf(context: TestContext, limit: number) {
  const sockets: Socket[] = [];
  const port = await listen(context, (socket) => void sockets.push(socket.on("error", () => undefined)));
  const clients = Array.from({ length: 9 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  context.after(() => clients.forEach((client) => client.destroy()));
  while (sockets.length < 9) await new Promise(setImmediate);
  return {
    crowd: createCrowd(limit, 100_000),
    from: (index: number, address: string) =>
      Object.defineProperty(sockets[index]!, "remoteAddress", { value: address, configurable: true }),
    closedOnes: () => sockets.flatMap(({ destroyed }, index) => (destroyed ? [index] : [])),
  };
}

test("while nothing in the machine listens, a connection is reset; after the port has sent a byte once, an end without one is passed on", async (context) => {
  let word = "";
  // It behaves as QEMU does, which accepts a connection and closes it if the guest refuses.
  const machine = await listen(context, (socket) => void socket.on("error", () => undefined).end(word));
  const { port } = await forward(context, machine, 10);
  const ask = async () => {
    const client = connect(port, "127.0.0.1");
    let got = "";
    client.on("data", (chunk) => (got += String(chunk)));
    client.write("GET / HTTP/1.1\r\n\r\n");
    const end = await once(client, "end").then(
      () => "an end",
      (error: NodeJS.ErrnoException) => error.code,
    );
    client.destroy();
    return `${got}${end}`;
  };
  assert.equal(await ask(), "ECONNRESET");
  word = "hello ";
  assert.equal(await ask(), "hello an end");
});

test("whatever both ends do, each gets the other's bytes in order, and an end that is lost ends the other", async (context) => {
  const seed = seedOf();
  context.diagnostic(`MAYFLY_SEED=${seed}`);
  const random = new Random(seed);
  let opened: (socket: Socket) => void = () => undefined;
  const machine = await listen(context, (socket) => opened(socket));
  const { port, notes } = await forward(context, machine, 1_000);
  for (let round = 0; round < ROUNDS; round++) {
    const inside = new Promise<Socket>((resolve) => (opened = resolve));
    const client = createEnd(connect({ port, host: "127.0.0.1", allowHalfOpen: true }));
    const machineEnd = createEnd(await inside);
    const ends = [client, machineEnd];
    for (let act = 0; act < 12 && ends.every(({ lost }) => !lost()); act++) await random.pick(ends).does(random);
    for (const end of ends) end.finish();
    const what = `round ${round}, seed ${seed}`;
    await within(systemClock, 60_000, what, Promise.all(ends.map(({ socket }) => closed(socket))));
    const orderly = ends.every(({ lost }) => !lost());
    for (const [from, to] of [ends, ends.toReversed()] as const) {
      const [sent, got] = [Buffer.concat(from!.sent), Buffer.concat(to!.got)];
      assert.ok(sent.subarray(0, got.length).equals(got), `${what}: other bytes than were sent`);
      if (orderly) assert.equal(got.length, sent.length, what);
    }
  }
  assert.deepEqual(notes, []);
});

/** One end of a forwarded connection, which does what `random` says. */
function createEnd(socket: Socket) {
  const sent: Buffer[] = [];
  const got: Buffer[] = [];
  let lost = false;
  socket.on("data", (chunk: Buffer) => got.push(chunk));
  socket.on("error", () => (lost = true));
  const write = (random: Random) => {
    if (!socket.writable) return;
    const bytes = random.bytes(random.below(random.chance(0.2) ? 500_000 : 2_000));
    sent.push(bytes);
    socket.write(bytes);
  };
  const acts: ((random: Random) => unknown)[] = [
    write,
    write,
    write,
    () => new Promise(setImmediate),
    () => socket.pause(),
    () => socket.resume(),
    () => socket.end(),
    () => ((lost = true), socket.destroy()),
    () => ((lost = true), breakOff(socket)),
  ];
  return {
    socket,
    sent,
    got,
    /** Whether the connection did not end in both directions. */
    lost: () => lost,
    does: (random: Random) => random.pick(acts)(random),
    finish() {
      socket.resume();
      socket.end();
    },
  };
}

test("what waits for a machine that reads no more is given up with its client", async (context) => {
  let accepted: (socket: Socket) => void;
  const opened = new Promise<Socket>((resolve) => (accepted = resolve));
  const machine = await listen(context, (socket) => accepted(socket.on("error", () => undefined).pause()));
  const { port } = await forward(context, machine, 10);
  const client = connect(port, "127.0.0.1").on("error", () => undefined);
  client.write(Buffer.alloc(20_000_000));
  const inside = await opened;
  const failed = once(inside, "error");
  client.resetAndDestroy();
  inside.resume();
  const [error] = (await within(
    systemClock,
    60_000,
    "the end at the machine",
    failed.catch((thrown: unknown) => [thrown]),
  )) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
});
