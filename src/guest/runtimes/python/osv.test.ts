/** The agent as OSv starts it, under a filter that ends it if it asks the kernel for what OSv lacks. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { listening } from "../../../base/testing/listening.ts";
import type { HostEndEvents } from "../../../wire/host-end.ts";
import { bindPython, pythonCommand, pythonEnvironment } from "../../testing/python-agent.ts";
import { type RunningAgent, startAgentProcess } from "../../testing/running-agent.ts";

const functions = {
  times: `
import datetime, time
from datetime import datetime as imported
def handler(event, context):
    parsed = imported(2020, 1, 1)
    same = isinstance(datetime.datetime.now(), imported) and isinstance(parsed, datetime.datetime)
    return [time.time(), time.time_ns() / 1e9, datetime.datetime.now().timestamp(), datetime.datetime.now(datetime.timezone.utc).timestamp(),
        time.mktime(time.localtime()), time.mktime(time.strptime(time.strftime("%Y-%m-%d %H:%M:%S"), "%Y-%m-%d %H:%M:%S"))] if same else []`,
  derives: `
import datetime
class Moment(datetime.datetime):
    pass
class Day(datetime.date):
    pass
def handler(event, context):
    now, moment = datetime.datetime.now(), Moment.now()
    return [isinstance(moment, one) for one in (Moment, datetime.datetime, datetime.date)] + [isinstance(now, Moment), isinstance(now, Day)] + [
        issubclass(Moment, datetime.datetime), issubclass(datetime.datetime, Moment)]`,
  draws: `
import os, random, secrets, tempfile, uuid
def handler(event, context):
    return [random.random(), os.urandom(8).hex(), os.getrandom(8).hex(), secrets.token_hex(8), str(uuid.uuid4()),
        random.SystemRandom().random(), next(tempfile._get_candidate_names())]`,
  coroutine: `
import asyncio
async def handler(event, context):
    await asyncio.sleep(0.001)
    return await asyncio.to_thread(sum, [1, 2])`,
  runs: `
import asyncio
async def work():
    await asyncio.sleep(0.001)
    return "ran"
def handler(event, context):
    return [asyncio.run(work()), asyncio.get_event_loop().run_until_complete(work())]`,
  app: `
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"asgi"})`,
  connects: `
import asyncio, select, socket
async def handler(event, context):
    reader, writer = await asyncio.open_connection("echo.example", 7)
    s = socket.create_connection(("echo.example", 7))
    t = socket.socket()
    t.setblocking(False)
    t.connect_ex(("192.0.2.7", 7))
    select.select([], [t], [])
    s.sendall(b"s")
    t.send(b"t")
    writer.write(b"w")
    t.setblocking(True)
    return [(await reader.read(1)).decode(), s.recv(1).decode(), t.recv(1).decode()]`,
  forks: `
import os
def handler(event, context):
    print("forking")
    os.fork()`,
};

test("the agent works without what OSv lacks: threads, coroutines and an ASGI app answer", async (t) => {
  const agent = await start(t);
  assert.equal(agent.ready.kernel, "osv");
  await bindPython(agent, functions);
  assert.equal((await agent.call({ function: "runs", input: { kind: "event" } })).text, '["ran","ran"]');
  assert.equal((await agent.call({ function: "coroutine", input: { kind: "event" } })).text, "3");
  assert.equal((await agent.call({ function: "app" })).text, "asgi");
});

test("connections beyond the machine need nothing that OSv lacks", async (t) => {
  const echo = createServer((socket) => void socket.pipe(socket));
  const port = await listening(echo);
  afterwards(t, () => void echo.close());
  const agent = await start(t, {
    async connect() {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
    resolve: (_host, family) =>
      Promise.resolve(family === 4 ? [{ address: "192.0.2.7", family }] : [{ address: "2001:db8::7", family: 6 }]),
  });
  await bindPython(agent, functions, "handler", { egress: true });
  assert.equal((await agent.call({ function: "connects", input: { kind: "event" } })).text, '["w","s","t"]');
});

test("the filter is on: a fork ends the agent", async (t) => {
  const agent = await start(t);
  await bindPython(agent, functions);
  agent.open({}, { function: "forks" });
  await agent.logged("forking");
  await agent.dead;
  if (agent.child.exitCode === null && agent.child.signalCode === null) await once(agent.child, "exit");
  assert.equal(agent.child.signalCode, "SIGSYS");
});

test("all of Python's clocks show the host's time, again after each pause, although the kernel's cannot be set", async (t) => {
  const agent = await start(t);
  await bindPython(agent, functions);
  for (const now of [Date.UTC(2031, 4, 6, 7, 8, 9), Date.UTC(2027, 0, 1), Date.now()]) {
    const before = performance.now();
    await agent.host.resume(now, Buffer.alloc(64, "e"), "m-test", false);
    const { text } = await agent.call({ function: "times", input: { kind: "event" } });
    const times = JSON.parse(text) as number[];
    assert.equal(times.length, 6);
    // Two of them are cut to whole seconds.
    for (const time of times)
      assert.ok(time >= now / 1_000 - 1.01 && time <= (now + performance.now() - before) / 1_000 + 0.01, `${now} ${text}`);
  }
});

test("classes that code derives from those of datetime have instances of their own only", async (t) => {
  const agent = await start(t);
  await bindPython(agent, functions);
  const { text } = await agent.call({ function: "derives", input: { kind: "event" } });
  assert.deepEqual(JSON.parse(text), [true, true, true, false, false, true, false]);
});

test("machines that get different entropy draw different numbers from every source, though the kernel takes none", async (t) => {
  const seen: unknown[] = [];
  for (const entropy of ["one", "two"]) {
    const agent = await start(t);
    await bindPython(agent, functions, "handler", { app: "mayfly:rehearsal" });
    await agent.call({ function: "draws", input: { kind: "event" } });
    await agent.host.resume(Date.now(), Buffer.alloc(64, entropy), "m-test", false);
    for (let time = 0; time < 2; time++)
      seen.push(...(JSON.parse((await agent.call({ function: "draws", input: { kind: "event" } })).text) as unknown[]));
  }
  assert.equal(new Set(seen).size, 28);
});

async function start(t: Parameters<typeof afterwards>[0], egress: Partial<HostEndEvents> = {}): Promise<RunningAgent> {
  const agent = await startAgentProcess({ start: startLikeOsv, egress });
  afterwards(t, () => agent.kill());
  return agent;
}

async function startLikeOsv(taskRoot: string): Promise<{ child: ChildProcess; channel: Socket }> {
  const server = createServer();
  const port = await listening(server);
  const [program, ...args] = await pythonCommand({ suite: "bookworm" });
  const env = {
    ...pythonEnvironment(["testing", "../../testing"].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))),
    MAYFLY_CHANNEL: `tcp:127.0.0.1:${port}`,
    MAYFLY_GUEST: "osv",
    MAYFLY_TASK_ROOT: taskRoot,
  };
  const child = spawn(program!, [...args, "-m", "like_osv"], { stdio: ["ignore", "inherit", "inherit"], env });
  const ended = once(child, "exit").then((how) => Promise.reject(new Error(`the agent ended before it connected: ${how.join(" ")}`)));
  const [channel] = (await Promise.race([once(server, "connection"), ended])) as [Socket];
  ended.catch(() => undefined); // it is connected, so its end concerns the test
  server.close();
  return { child, channel };
}
