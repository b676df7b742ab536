/** Code that is not gentle with what it runs on, and what it leaves to the calls that follow. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { type BindMessage, LogLevel, ResetCode } from "../../../wire/protocol.ts";
import { bindPython, pythonAgent } from "../../testing/python-agent.ts";
import { withRepeatingHost } from "../../testing/repeating-host.ts";
import { type RunningAgent, startAgentProcess } from "../../testing/running-agent.ts";

type Test = Parameters<typeof afterwards>[0];

for (const suite of ["bookworm", "trixie"] as const)
  describe(`rough code with Python of ${suite}`, () => {
    const python = pythonAgent({ suite });

    async function start(t: Test, code: Record<string, string>, message: Partial<BindMessage> = {}): Promise<RunningAgent> {
      const agent = await startAgentProcess({ start: python });
      afterwards(t, () => agent.kill());
      await bindPython(agent, code, "handler", message);
      return agent;
    }

    const result = async (agent: RunningAgent, name = "main") =>
      JSON.parse((await agent.call({ function: name, input: { kind: "event" }, remainingMs: 60_000 })).text) as unknown;

    test("an error of which nothing can be asked is a failure like any other, at each call", async (t) => {
      const main = `
class Unspeakable(Exception):
    def __str__(self):
        raise KeyboardInterrupt("its text")
def handler(event, context):
    raise Unspeakable()`;
      const agent = await start(t, { main });
      for (let time = 0; time < 20; time++) assert.equal((await agent.call()).reset?.code, ResetCode.FunctionThrew);
      const { errorType, errorMessage } = (await result(agent)) as Record<string, string>;
      assert.deepEqual([errorType, errorMessage], ["Unspeakable", "[an error that can't be printed]"]);
    });

    test("a task that is interrupted, and one that stops the loop, do not keep coroutines from going on", async (t) => {
      const interrupts = `
import asyncio
async def fail():
    raise KeyboardInterrupt("in a task")
async def handler(event, context):
    task = asyncio.create_task(fail())
    await asyncio.sleep(0.01)
    return "went on"`;
      const stops = `
import asyncio
async def handler(event, context):
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.01)
    return "went on"`;
      const agent = await start(t, { interrupts, stops });
      for (let time = 0; time < 2; time++) {
        for (const name of ["interrupts", "stops"]) assert.equal(await result(agent, name), "went on");
      }
      assert.equal((await agent.logged("KeyboardInterrupt: in a task")).level, LogLevel.Error);
    });

    test("a task that exits ends the machine, as its handler would", async (t) => {
      const main = `
import asyncio, sys
async def leave():
    sys.exit(3)
async def handler(event, context):
    task = asyncio.create_task(leave())
    await asyncio.sleep(60)`;
      const agent = await start(t, { main });
      const exited = once(agent.child, "exit");
      agent.open({});
      assert.match((await agent.logged("the function called sys.exit, which ends its machine")).text, /in leave/);
      assert.deepEqual(await exited, [3, null]);
    });

    test("code that asks for an event loop gets one of its thread's own", async (t) => {
      const main = `
import asyncio
loop = asyncio.get_event_loop()
async def work():
    await asyncio.sleep(0)
    return "worked"
def handler(event, context):
    return [loop.run_until_complete(work()), asyncio.get_event_loop().run_until_complete(work())]`;
      const agent = await start(t, { main });
      for (let time = 0; time < 3; time++) assert.deepEqual(await result(agent), ["worked", "worked"]);
    });

    test("what code sets in its context as it is loaded holds for each call", async (t) => {
      const main = `
import contextvars, decimal
decimal.getcontext().prec = 5
word = contextvars.ContextVar("word")
word.set("at load")
def handler(event, context):
    before = word.get()
    word.set("in a call")
    return [before, str(decimal.Decimal(1) / 3)]`;
      const agent = await start(t, { main, coroutine: main.replace("def handler", "async def handler") });
      for (const name of ["main", "coroutine", "main", "coroutine"]) assert.deepEqual(await result(agent, name), ["at load", "0.33333"]);
    });

    test("the zone of time is that of the app's variables", async (t) => {
      const agent = await start(
        t,
        { main: "import time\ndef handler(event, context):\n    return time.localtime(0).tm_hour" },
        { env: { TZ: "XYZ-3" } },
      );
      assert.equal(await result(agent), 3);
    });

    test("an asynchronous generator whose caller has left is closed before its invocation is", async (t) => {
      const main = `
import asyncio
async def handler(event, context):
    try:
        while True:
            yield "x" * 10_000
    finally:
        await asyncio.sleep(0.05)
        print("cleaned up")`;
      // What only returns such a generator is no different.
      const wrapped = `${main}\ninner = handler\ndef handler(event, context):\n    return inner(event, context)`;
      const agent = await start(t, { main, wrapped });
      for (const name of ["main", "wrapped"]) {
        const closed = Promise.withResolvers<void>();
        let bytes = 0;
        const take = (chunk: Buffer) => void (bytes += chunk.length);
        const request = agent.open(
          { head: (_status, _headers, body) => take(body), data: take, closed: () => closed.resolve() },
          { function: name },
        );
        const got = () => bytes;
        while (got() < 65_536) await agent.host.ping();
        request.reset(ResetCode.Cancelled, "");
        await closed.promise;
        assert.deepEqual(
          agent.logs.map(({ stream, text }) => [stream, text]),
          [[request.stream, "cleaned up"]],
        );
        agent.logs.length = 0;
      }
    });

    test("numbers that JSON does not have are null, and decimals are numbers, whatever their size", async (t) => {
      const main = `
from decimal import Decimal
def handler(event, context):
    decimals = [Decimal(one) for one in ("1.5", "2.0", "1E+3", "NaN", "Infinity", "1E+999999999")]
    return [float("nan"), {"a": (float("-inf"), 0.5)}, decimals]`;
      assert.deepEqual(await result(await start(t, { main })), [null, { a: [null, 0.5] }, [1.5, 2, 1000, null, null, null]]);
    });

    test("a status may be an HTTPStatus, or a text, also as the head of a stream", async (t) => {
      const main = `
from http import HTTPStatus
def handler(event, context):
    return {"statusCode": HTTPStatus.CREATED, "body": "made"}`;
      const streams = `
def handler(event, context):
    yield {"statusCode": "202"}
    yield "taken"`;
      const agent = await start(t, { main, streams });
      const replies = [await agent.call(), await agent.call({ function: "streams" })];
      assert.deepEqual(
        replies.map(({ status, text }) => [status, text]),
        [
          [201, "made"],
          [202, "taken"],
        ],
      );
    });

    test("lines count with their bytes, not with their characters", async (t) => {
      const main = `def handler(event, context):\n    for _ in range(20):\n        print("€" * 80_000)`;
      const agent = await start(t, { main });
      assert.equal(await result(agent), null);
      await agent.logged("they came faster than they can be kept");
    });

    test("what becomes a template may have a function that is preloaded", async (t) => {
      const main = "import time\ntime.sleep(0.1)\ndef handler(event, context):\n    return event";
      const agent = await start(t, { main }, { preload: "main", snapshot: true });
      await agent.host.resume(Date.now(), Buffer.alloc(64), "m-test", false, { restored: true });
      for (let round = 0; round < 20; round++) {
        const bodies = Array.from({ length: 20 }, (_, at) => JSON.stringify(`${round} ${at} `.repeat(1_000)));
        const replies = await Promise.all(bodies.map((body) => agent.call({ input: { kind: "event" }, body, remainingMs: 60_000 })));
        assert.deepEqual(
          replies.map(({ text }) => text),
          bodies,
        );
      }
    });

    describe("a forked process ends when its function does", () => {
      // Without the alarm, one that does not would be waited for without end.
      const forked = `
import os, signal
def forked():
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        return None
    return os.waitpid(child, 0)[1]
`;
      /** The parent gives the child's status. */
      const ways = {
        result: `def handler(event, context):
    status = forked()
    return "x" * 200_000 if status is None else str(status)`,
        coroutine: `async def handler(event, context):
    status = forked()
    return "x" * 200_000 if status is None else str(status)`,
        awaitable: `async def later(status):
    return status
def handler(event, context):
    return later(str(forked()))`,
        generator: `def handler(event, context):
    yield "x" * 100_000
    status = forked()
    for _ in range(4):
        yield "x" * 100_000 if status is None else ""
    yield str(status)`,
        asyncGenerator: `async def handler(event, context):
    yield "x" * 100_000
    status = forked()
    for _ in range(4):
        yield "x" * 100_000 if status is None else ""
    yield str(status)`,
        wsgi: `def handler(environ, start_response):
    status = forked()
    start_response("200 OK", [])
    return iter([b"x" * 200_000] * 2) if status is None else [str(status).encode()]`,
      };

      test("although what it returns is larger than what can be sent without the host's consent", async (t) => {
        const agent = await start(t, Object.fromEntries(Object.entries(ways).map(([name, code]) => [name, forked + code])));
        for (const name of Object.keys(ways)) {
          const { text, reset } = await agent.call({ function: name, input: { kind: "event" }, body: "{}", remainingMs: 120_000 });
          assert.deepEqual([text.replace(/^"|"$/g, "").replace(/^x*/, ""), reset], ["0", null], name);
        }
      });

      test("although it waits for more of the request's body", async (t) => {
        const code = `def handler(environ, start_response):
    status = forked()
    if status is None:
        environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [str(status).encode()]`;
        const agent = await start(t, { main: forked + code });
        const closed = Promise.withResolvers<void>();
        let reply = "";
        const take = (chunk: Buffer) => void (reply += String(chunk));
        const sink = {
          head: (_status: number, _headers: string[], body: Buffer) => take(body),
          data: take,
          closed: () => closed.resolve(),
        };
        agent.open(sink, { body: "begun", remainingMs: 120_000 }, false);
        await closed.promise;
        assert.equal(reply, "0");
      });

      test("multiprocessing has large results, too", async (t) => {
        const main = `
import multiprocessing
def handler(event, context):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return [len(each) for each in pool.map(bytes, [300_000] * 4)]`;
        assert.deepEqual(await result(await start(t, { main })), [300_000, 300_000, 300_000, 300_000]);
      });
    });

    test("what comes behind the end of a Bind is ignored, also while code is evaluated ahead", async (t) => {
      const agent = await startAgentProcess({ start: withRepeatingHost(python) });
      afterwards(t, () => agent.kill());
      const main = `
import time
print("at load")
time.sleep(0.2)
def handler(event, context):
    return "called"`;
      await bindPython(agent, { main }, "handler", { preload: "main" });
      assert.equal(await result(agent), "called");
      assert.equal(agent.logs.filter(({ text }) => text === "at load").length, 1);
    });

    describe("parts of the agent by themselves", () => {
      test("nothing is sent after the message with which the outbox is held, whatever is added meanwhile", async (t) => {
        const main = `
import re, types
from mayfly.wire.outbox import Outbox
def handler(event, context):
    sent = bytearray()
    words = lambda: [word.decode() for word in re.findall(rb"[a-z]+", sent)]
    def sendall(data):
        sent.extend(data)
        # Others add theirs at any time, also while a thread writes.
        outbox.frame(8, 0, 1, b"late")
    channel = types.SimpleNamespace(sendall=sendall)
    outbox = Outbox(channel)
    outbox.frame(8, 0, 1, b"early")
    outbox.hold(5, 3, "last")
    outbox.flush()
    outbox.flush_now()
    held = words()
    channel.sendall = sent.extend
    outbox.release()
    return [held, words()]`;
        assert.deepEqual(await result(await start(t, { main })), [
          ["early", "last"],
          ["early", "last", "late"],
        ]);
      });

      test("frames that are added where a recursion is at its limit arrive, and nobody waits for ever", async (t) => {
        const main = `
import types
from mayfly.wire.outbox import Outbox
added, sent = 0, bytearray()
outbox = Outbox(types.SimpleNamespace(sendall=sent.extend))
def add():
    global added
    outbox.frame(8, 0, 1, b"x")
    added += 1
    outbox.flush_now()
def recurse():
    try:
        recurse()
    except RecursionError:
        add()
        raise
def handler(event, context):
    try:
        recurse()
    except RecursionError:
        pass
    outbox.flush_now()
    return [added > 0, added - sent.count(b"x")]`;
        assert.deepEqual(await result(await start(t, { main })), [true, 0]);
      });

      test("the network's thread survives what fails in it, and does not watch all the time what it cannot take", async (t) => {
        const main = `
import socket, threading, time, types
from selectors import EVENT_READ
from mayfly.net.pump import Pump
def handler(event, context):
    lines, looks, over = [], [], threading.Event()
    pump = Pump(types.SimpleNamespace(flush=lambda: None), types.SimpleNamespace(say=lambda *args: lines.append(args[2])))
    pump.start()
    def fail():
        raise MemoryError("none is left")
    one, other = socket.socketpair()
    other.send(b"x")
    def ready(events):
        looks.append(time.monotonic())
        pump.rest(one, EVENT_READ, ready)
        if len(looks) == 3:
            over.set()
    pump.post(fail)
    pump.post(lambda: pump.watch(one, EVENT_READ, 0, ready))
    over.wait()
    return [line.split("\\n")[-1] for line in lines] + [looks[2] - looks[0] > 0.09]`;
        assert.deepEqual(await result(await start(t, { main })), ["MemoryError: none is left", true]);
      });
    });
  });
