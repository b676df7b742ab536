/** What only Python's handlers have: threads, tasks, the logging module, and plain functions that return coroutines. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../../../base/clock/until.ts";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { LogLevel, WARM_FUNCTION } from "../../../wire/protocol.ts";
import { bindPython, pythonAgent } from "../../testing/python-agent.ts";
import { type RunningAgent, startAgentProcess } from "../../testing/running-agent.ts";

const functions = {
  computes: `
stopped = False
def handler(event, context):
    global stopped
    if event.get("stop"):
        stopped = True
        return "told"
    print("computing")
    while not stopped:
        pass
    return "stopped"`,
  returns: `
import asyncio
async def work(event):
    await asyncio.sleep(1.2)
    return event
def handler(event, context):
    return work(event)`,
  logs: `
import logging, sys, warnings
log = logging.getLogger("app")
log.setLevel(logging.DEBUG)
def handler(event, context):
    log.debug("d %s", 1)
    log.info("i")
    log.warning("w")
    log.error("e")
    warnings.warn("careful")
    sys.stdout.buffer.write("bytes ü\\n".encode())
    print("a", "b", sep="-")`,
  threads: `
import asyncio, threading
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(4)
async def task(word):
    await asyncio.sleep(0.001)
    print("task", word)
async def both(word):
    await asyncio.gather(task(word), asyncio.to_thread(print, "to_thread", word))
def handler(event, context):
    thread = threading.Thread(target=print, args=("thread", event["word"]))
    thread.start()
    thread.join()
    pool.submit(print, "pool", event["word"]).result()
    asyncio.run(both(event["word"]))`,
  forks: `
import os, signal, sys
def handler(event, context):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 1)
        print("says")
        how = event["how"]
        if how == "os._exit":
            os._exit(7)
        if how == "sys.exit":
            sys.exit(7)
        if how == "os.kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "raises":
            raise ValueError("in the child")
        return "the child's"
    os.close(writer)
    status = os.waitpid(child, 0)[1]
    said = os.read(reader, 1000).decode()
    os.close(reader)
    print("the parent says")
    return [said, status]`,
  forksWhilePrinting: `
import os, threading
def prints(name):
    for number in range(500):
        print("thread", name, number)
def handler(event, context):
    threads = [threading.Thread(target=prints, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    ended = 0
    for _ in range(100):
        child = os.fork()
        if child == 0:
            os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
            print("of a child")
            os._exit(0)
        os.waitpid(child, 0)
        ended += 1
    for thread in threads:
        thread.join()
    print("last")
    return f"{ended} children"`,
  pools: `
import math, multiprocessing
def handler(event, context):
    results = []
    for how in ("fork", "spawn"):
        with multiprocessing.get_context(how).Pool(2) as pool:
            results.append(pool.map(math.factorial, [1, 2, 3]))
    return results`,
  lost: `
import threading
def fail():
    raise ValueError("lost in a thread")
def handler(event, context):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    return "the handler goes on"`,
};

let agent: RunningAgent;
const started = performance.now();

before(async () => {
  agent = await startAgentProcess({ start: pythonAgent({ suite: "bookworm" }) });
  await bindPython(agent, functions);
});
after(() => agent.kill());

const send = (name: string, event: unknown = {}) =>
  agent.call({ function: name, input: { kind: "event" }, body: JSON.stringify(event), remainingMs: 60_000 });

test("Ping and other calls are answered while a handler computes", async () => {
  const done = send("computes");
  await agent.logged("computing");
  await agent.host.ping();
  assert.equal((await send("computes", { stop: true })).text, '"told"');
  assert.equal((await done).text, '"stopped"');
});

test("a plain function may return a coroutine, and does not count as one that waits", async () => {
  const replies = await Promise.all([1, 2, 3].map((word) => send("returns", { word })));
  assert.deepEqual(
    replies.map(({ text }) => text),
    ['{"word":1}', '{"word":2}', '{"word":3}'],
  );
  await until(() => agent.stats.length > 0);
  const longest = Math.max(...agent.stats.map(({ loopDelayMaxMs }) => loopDelayMaxMs));
  assert.ok(longest < performance.now() - started, `${longest} ms is longer than this agent has lived`);
});

test("the logging module, warnings, bytes and print are logged at their levels, under the invocation", async () => {
  const reply = await send("logs");
  const lines = agent.logs.filter(({ stream }) => stream === reply.stream);
  const warning = lines.findIndex(({ text }) => text.includes("UserWarning: careful"));
  assert.equal(lines[warning]?.level, LogLevel.Warn);
  assert.deepEqual(
    lines.filter((_, at) => at !== warning).map(({ level, text }) => [level, text]),
    [
      [LogLevel.Debug, "d 1"],
      [LogLevel.Info, "i"],
      [LogLevel.Warn, "w"],
      [LogLevel.Error, "e"],
      [LogLevel.Info, "bytes ü"],
      [LogLevel.Info, "a-b"],
    ],
  );
});

test("threads, pools and tasks print under the invocation that started them, many at once", async () => {
  const words = Array.from({ length: 20 }, (_, at) => `word${at}`);
  const replies = await Promise.all(words.map((word) => send("threads", { word })));
  for (const [at, { stream }] of replies.entries()) {
    const lines = agent.logs.filter((line) => line.stream === stream).map(({ text }) => text);
    assert.deepEqual(lines.toSorted(), ["pool", "task", "thread", "to_thread"].map((from) => `${from} ${words[at]}`).toSorted());
  }
});

test("an error that ends a thread is logged under its invocation, which goes on", async () => {
  const reply = await send("lost");
  assert.equal(reply.text, '"the handler goes on"');
  const line = await agent.logged("lost in a thread");
  assert.deepEqual([line.stream, line.level], [reply.stream, LogLevel.Error]);
  // Nothing of what started the thread stands above the function's own lines.
  assert.deepEqual(line.text.match(/, line \d+, in .*/g)?.length, 1);
});

test("a forked process prints and ends for itself, in each way", async () => {
  for (const [how, status] of [
    ["os._exit", 7 << 8],
    ["sys.exit", 7 << 8],
    ["os.kill", 9],
    ["returns", 0],
    ["raises", 0],
  ] as const) {
    const logged = agent.logs.length;
    assert.deepEqual(JSON.parse((await send("forks", { how })).text), ["says\n", status], how);
    assert.deepEqual(
      agent.logs.slice(logged).map(({ text }) => text),
      ["the parent says"],
      how,
    );
  }
});

test("processes that are forked while other threads print never hang, and no line is there twice", async () => {
  assert.equal((await send("forksWhilePrinting")).text, '"100 children"');
  await until(() => agent.logs.some(({ text }) => text === "last"));
  const lines = agent.logs.map(({ text }) => text).filter((text) => text.startsWith("thread "));
  assert.ok(lines.length > 0);
  assert.equal(new Set(lines).size, lines.length);
});

test("multiprocessing's pools work, by fork and by spawn", async () => {
  assert.equal((await send("pools")).text, "[[1,2,6],[1,2,6]]");
});

test("what warms an agent leaves the root of logging as an app expects it", async (t) => {
  const warmed = await startAgentProcess({ start: pythonAgent({ suite: "bookworm" }) });
  afterwards(t, () => warmed.kill());
  for (let turn = 0; turn < 12; turn++) assert.equal((await warmed.call({ function: WARM_FUNCTION })).reset, null);
  const root = "import logging\nroot = logging.getLogger()\ndef handler(event, context):\n    return [len(root.handlers), root.level]";
  await bindPython(warmed, { root });
  const { text } = await warmed.call({ function: "root", input: { kind: "event" }, body: "{}" });
  // Python's own default is WARNING.
  assert.deepEqual(JSON.parse(text), [0, 30]);
});
