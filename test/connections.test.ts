/** A server with few descriptors, and clients and apps that open all the connections that they get. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../src/doors/admin/client.ts";
import { serve, start } from "./command.ts";
import { createNetwork } from "./network.ts";
import { deploy, eventually, temporaryFolder } from "./platform.ts";
import { listening } from "../src/base/testing/listening.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

test("with 400 idle connections to a server with 256 descriptors, callers and the operator are still served", async (context) => {
  const stateDir = temporaryFolder(context);
  const server = await serve(context, stateDir, ["--driver", "process"], 256);
  const client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  const floods = [server.gatewayUrl, server.apiUrl].map((url) => flood(Number(new URL(url).port), 400));
  afterwards(context, () => floods.flat().forEach((socket) => socket.destroy()));
  await eventually(
    "the connections that are closed",
    () => floods.map((sockets) => sockets.filter(({ closed }) => closed).length),
    (closed) => closed.every((count) => count >= 250),
  );
  // Both must work while the other connections are held, and machines need descriptors, too.
  await deploy(client, "examples/hello");
  for (let call = 0; call < 5; call += 1) assert.equal(await (await fetch(`${server.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
  assert.equal((await client.app("hello")).app, "hello");
  assert.ok(floods.every((sockets) => sockets.some(({ closed }) => !closed)));
  assert.equal(await server.end("SIGTERM"), 0);
});

const asRoot = { skip: process.getuid?.() !== 0 && "only root makes an address that is not the machine's own loopback" };

test(
  "an app that opens hundreds of connections to the outside takes a share of the descriptors, and the server and its other apps go on",
  asRoot,
  async (context) => {
    const { hostAddress } = await createNetwork(context, 31);
    const { server, client } = await serveOpeners(context, ["greedy", "modest"], [`${hostAddress}:*`]);
    const port = await outside(context, hostAddress);
    const open = async (app: string, count: number) =>
      (await (await fetch(`${server.gatewayUrl}/${app}/open?count=${count}&host=${hostAddress}&port=${port}`)).json()) as Record<
        string,
        number
      >;
    // The machine itself would have 256.
    const flood = async () => {
      await open("greedy", 0);
      const { connected = 0, EMFILE = 0, ...others } = await open("greedy", 200);
      assert.deepEqual(others, {});
      assert.equal(connected + EMFILE, 200);
      return connected;
    };
    // A connection that was closed counts until the host has read that.
    for (let round = 0; round < 3; round += 1) assert.ok((await eventually("its share", flood, (connected) => connected >= 8)) < 100);
    // While it holds them:
    assert.deepEqual(await open("modest", 3), { connected: 3 });
    await deploy(client, "examples/hello");
    for (let call = 0; call < 5; call += 1) assert.equal(await (await fetch(`${server.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
    const told = await client.logs({ app: "greedy", tail: 1_000 });
    assert.ok(told.some(({ text }) => /connections already, and the server keeps the rest of its \d+ for others/.test(text)));
    const { worker, restarts } = await client.status();
    assert.deepEqual([worker, restarts], [server.worker, 0]);
    assert.equal((await client.app("greedy")).app, "greedy");
    assert.equal(await server.end("SIGTERM"), 0);
  },
);

test("a server that has no descriptor left for a while, whatever took them, loses neither its worker nor a machine", async (context) => {
  const { server, client } = await serveOpeners(context, ["opener"], []);
  const call = async () => (await fetch(`${server.gatewayUrl}/opener/open?count=0`)).status;
  assert.equal(await call(), 200);
  const machines = async () => (await client.machines()).flatMap(({ app, id }) => (app === "opener" ? [id] : []));
  const before = await machines();
  const limit = (descriptors: number) => execFileSync("prlimit", ["--pid", String(server.worker), `--nofile=${descriptors}:`]);
  limit(8);
  // Its timers measure machines, look for idle ones, and write usage and logs, several times a second.
  await sleep(3_000);
  limit(256);
  assert.equal(await call(), 200);
  assert.deepEqual(await machines(), before);
  const { worker, restarts } = await client.status();
  assert.deepEqual([worker, restarts], [server.worker, 0]);
  assert.equal(await server.end("SIGTERM"), 0);
});

test("with too few descriptors a server does not start, and says what is needed and how to get it", async (context) => {
  for (const descriptors of [16, 24, 40, 64, 255]) {
    const child = start(["serve", "--state", temporaryFolder(context), "--driver", "process"], { descriptors });
    const [complaint, [code]] = await Promise.all([text(child.stderr!), once(child, "exit")]);
    assert.equal(code, 3, complaint);
    assert.match(complaint, new RegExp(`may have ${descriptors} files[^]*256[^]*ulimit -n 4096`), complaint);
    assert.doesNotMatch(complaint, /\n {4}at /, "a stack");
  }
});

/** A server with 256 descriptors, and the app `opener` under each of the names. */
async function serveOpeners(context: TestContext, names: string[], allow: string[]) {
  const stateDir = temporaryFolder(context);
  const config = join(temporaryFolder(context), "mayfly.json");
  writeFileSync(config, JSON.stringify({ egress: { allow }, blanks: 0 }));
  const server = await serve(context, stateDir, ["--driver", "process", "--config", config], 256);
  const client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  for (const name of names) await deploy(client, "test/apps/opener", { name, network: { egress: true, allow } });
  return { server, client };
}

/** Accepts every connection and holds it. Returns the port. */
async function outside(context: TestContext, host: string): Promise<number> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket.resume());
    socket.on("error", () => {});
  });
  afterwards(context, () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return listening(listener, host);
}

function flood(port: number, count: number): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {}); // Some connections are closed by a reset.
    return socket.resume();
  });
}
