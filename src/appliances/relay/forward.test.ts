import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { createCrowd } from "./crowd.ts";
import { openForward } from "./forward.ts";
import { freePort, listening } from "../../base/testing/listening.ts";

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

test("if a port is full, the client with the most connections loses the one idle for longest, and busy ones stay", async (context) => {
  const sockets: Socket[] = [];
  const port = await listen(context, (socket) => void sockets.push(socket.on("error", () => undefined)));
  const clients = Array.from({ length: 7 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  context.after(() => clients.forEach((client) => client.destroy()));
  while (sockets.length < 7) await new Promise(setImmediate);
  const from = (index: number, address: string) => Object.defineProperty(sockets[index]!, "remoteAddress", { value: address });
  const crowd = createCrowd(5, 100_000);
  assert.ok(crowd.admit(from(0, "flood"), 0));
  assert.ok(crowd.admit(from(1, "honest"), 1));
  for (const index of [2, 3, 4]) assert.ok(crowd.admit(from(index, "flood"), 10 + index));
  assert.equal(crowd.admit(from(5, "late"), 5_000), false, "nobody is idle yet");
  assert.ok(crowd.admit(from(5, "late"), 20_000));
  assert.deepEqual(
    sockets.slice(0, 6).map(({ destroyed }) => destroyed),
    [true, false, false, false, false, false],
  );
  crowd.look(120_000);
  assert.ok(sockets.slice(1, 5).every(({ destroyed }) => destroyed));
});

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
