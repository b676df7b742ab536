/** The agent as OSv starts it, under a filter that ends it if it asks the kernel for what OSv lacks. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { before, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { listening } from "../../../base/testing/listening.ts";
import { filesBundle, LIST_AT } from "../../../store/catalog/app-files.ts";
import type { HostEndEvents } from "../../../wire/host-end.ts";
import { LogLevel } from "../../../wire/protocol.ts";
import { compileHandlers, type JavaAgent, jarOf, startJavaAgent } from "./testing/java-agent.ts";
import { type KernelBytes, startLikeOsv } from "./testing/start-like-osv.ts";

type Test = Parameters<typeof afterwards>[0];

let jar: Buffer;

before(async () => {
  jar = jarOf(await compileHandlers());
});

interface Options {
  entropy?: Buffer;
  kernelBytes?: KernelBytes;
  openFiles?: number;
  egress?: Partial<HostEndEvents>;
}

async function start(t: Test, { kernelBytes = "its own", openFiles, ...options }: Options = {}): Promise<JavaAgent> {
  const agent = await startJavaAgent({ ...options, start: (places) => startLikeOsv(places, kernelBytes, openFiles) });
  afterwards(t, () => agent.kill());
  return agent;
}

const asked = async (agent: JavaAgent, name: string): Promise<unknown> => {
  const { text, reset } = await agent.call({ function: name, input: { kind: "event" }, remainingMs: 60_000 });
  assert.equal(reset, null);
  return JSON.parse(text) as unknown;
};

test("the agent works without what OSv lacks: two threads, files by relative paths, nothing to complain of", async (t) => {
  const agent = await start(t);
  assert.equal(agent.ready.kernel, "osv");
  const code = Buffer.from(filesBundle([{ path: "data/words.txt", content: Buffer.from("wörds"), executable: true }]).code);
  const list = code.readUInt32LE(0);
  const functions = ["Handlers::both", "Osv::files"].map((name) => {
    return { name, format: "java" as const, source: { type: "frames" as const, bytes: jar.length }, handler: `shop.${name}` };
  });
  const files = { type: "frames" as const, list, bytes: code.length - LIST_AT - list };
  await agent.bind({}, { files, functions }, Buffer.concat([code.subarray(LIST_AT), jar, jar]));
  assert.deepEqual(await Promise.all([asked(agent, "Handlers::both"), asked(agent, "Handlers::both")]), ["both", "both"]);
  assert.deepEqual(await asked(agent, "Osv::files"), ["wörds", "wörds", `${agent.taskRoot}/data`]);
  assert.deepEqual(
    agent.logs.filter(({ level }) => level === LogLevel.Agent),
    [],
  );
});

test("the filter is on: a process that is started ends the agent", async (t) => {
  const agent = await start(t);
  await agent.bindJar({ main: "shop.Osv::forks" }, jar);
  agent.open({});
  await agent.logged("forking");
  await agent.dead;
  if (agent.child.exitCode === null && agent.child.signalCode === null) await once(agent.child, "exit");
  assert.equal(agent.child.signalCode, "SIGSYS");
});

test("all of Java's clocks show the host's time, again after each pause, although the kernel's cannot be set", async (t) => {
  const agent = await start(t);
  await agent.bindJar({ main: "shop.Osv::clocks" }, jar);
  for (const now of [Date.UTC(2031, 4, 6, 7, 8, 9), Date.UTC(2027, 0, 1), Date.now() + 0.5]) {
    const before = performance.now();
    await agent.host.resume(now, Buffer.alloc(64, "e"), "m-test", false);
    const times = (await asked(agent, "main")) as number[];
    assert.equal(times.length, 10);
    const latest = now + performance.now() - before;
    // The agent's clock is at most two milliseconds ahead, because it shows whole ones.
    for (const time of times) assert.ok(time >= now && time <= latest + 2, `${now} to ${latest}: ${times.join(" ")}`);
  }
});

test("what waits until a time of day wakes up at that time of the host's", async (t) => {
  const agent = await start(t);
  await agent.bindJar({ main: "shop.Osv::waitsUntil" }, jar);
  for (const now of [Date.UTC(2031, 0, 1), Date.UTC(2001, 0, 1)]) {
    await agent.host.resume(now, Buffer.alloc(64, "e"), "m-test", false);
    assert.deepEqual(await asked(agent, "main"), [true, true]);
  }
});

test("machines that get different entropy draw different numbers from every source, though the kernel gives them the same", async (t) => {
  const drawn: unknown[] = [];
  for (const entropy of ["one", "two"]) {
    const agent = await start(t, { kernelBytes: "the same", entropy: Buffer.alloc(64, entropy) });
    await agent.bindJar({ main: "shop.Handlers::random" }, jar);
    drawn.push(...((await asked(agent, "main")) as unknown[]));
  }
  // Whether it is the entropy alone that makes the difference cannot be seen here, as Java forgets what it has read ahead after a tenth of a second.
  assert.equal(new Set(drawn).size, 12);
});

test("all that Java takes from the kernel's random source has the host's bytes in it", async (t) => {
  const drawn: string[][] = [];
  for (const entropy of ["one", "one", "two"]) {
    const agent = await start(t, { kernelBytes: "the same", entropy: Buffer.alloc(64, entropy) });
    await agent.bindJar({ main: "shop.Osv::seeds" }, jar);
    drawn.push((await asked(agent, "main")) as string[]);
  }
  const [first, again, other] = drawn as [string[], string[], string[]];
  assert.deepEqual(again, first);
  assert.equal(new Set([...first, ...other]).size, 10);
});

test("every kind of Java's sockets reaches the outside through the host, by names and by addresses", async (t) => {
  const echo = createServer((socket) => void socket.pipe(socket));
  const port = await listening(echo);
  afterwards(t, () => void echo.close());
  const wanted: unknown[] = [];
  const agent = await start(t, {
    egress: {
      async connect(host, toPort, _gone, name) {
        wanted.push([host, toPort, name]);
        if (host === "192.0.2.9") throw Object.assign(new Error("nobody listens"), { code: "ECONNREFUSED" });
        const socket = connect(port, "127.0.0.1");
        await once(socket, "connect");
        return socket;
      },
      resolve: (host) =>
        host === "echo.example"
          ? Promise.resolve([{ address: "192.0.2.7", family: 4 }])
          : Promise.reject(Object.assign(new Error("nobody has it"), { code: "ENOTFOUND" })),
    },
  });
  await agent.bindJar({ connects: "shop.Osv::connects", stays: "shop.Osv::stays" }, jar, { egress: true });
  const place = "echo.example/192.0.2.7";
  assert.deepEqual(await asked(agent, "connects"), [place, `${place}:7 a`, "b", `${place}:7 c`, "d", "e"]);
  const named = ["192.0.2.7", 7, "echo.example"];
  assert.deepEqual(wanted.splice(0), [named, ["192.0.2.8", 7, undefined], named, named, named]);
  assert.deepEqual(await asked(agent, "stays"), ["l", true, "Connection reset", "nobody.example: Name or service not known"]);
  assert.deepEqual(wanted, [["192.0.2.9", 7, undefined]]);
  await agent.logged("The app could not connect to 192.0.2.9 port 7: ECONNREFUSED");
});

/** A server that sends back what it gets stands for the outside. */
async function echoing(t: Test): Promise<Partial<HostEndEvents>> {
  const echo = createServer((socket) => void socket.pipe(socket));
  const port = await listening(echo);
  afterwards(t, () => void echo.close());
  return {
    async connect() {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
  };
}

test("code that is loaded before its first call may use the network", async (t) => {
  const agent = await start(t, { egress: await echoing(t) });
  await agent.bindJar({ main: "shop.Osv$Client::heard" }, jar, { egress: true, preload: "main" });
  assert.equal(await asked(agent, "main"), "c");
});

test("connections made while too many files are open wait, and the network goes on", async (t) => {
  const agent = await start(t, { egress: await echoing(t), openFiles: 100 });
  await agent.bindJar({ main: "shop.Osv::crowded" }, jar, { egress: true });
  assert.equal(await asked(agent, "main"), "b");
});

test("a name that is too long for any DNS is unknown", async (t) => {
  const agent = await start(t);
  await agent.bindJar({ main: "shop.Osv::longName" }, jar, { egress: true });
  assert.ok(((await asked(agent, "main")) as number) < 1_000);
});

test("an app without network is told so by the names that it looks up", async (t) => {
  const agent = await start(t);
  await agent.bindJar({ main: "shop.Osv::connects" }, jar);
  const { status, text } = await agent.call({ input: { kind: "event" } });
  const { errorType, errorMessage, trace } = JSON.parse(text);
  const message = 'echo.example: this app has no network: set "network": "egress" in mayfly.json';
  assert.deepEqual([status, errorType, errorMessage], [500, "java.net.UnknownHostException", message]);
  assert.match(trace.join(), /shop\.Osv\.connects/);
});
