import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { LogLevel, ResetCode } from "../../../wire/protocol.ts";
import { compileHandlers, type JavaAgent, jarOf, startJavaAgent } from "./testing/java-agent.ts";

let agent: JavaAgent;
let jar: Buffer;

const handlers = Object.fromEntries(
  ["fails", "recurses", "logs", "longLine", "flood", "sleeps", "stubborn", "exits", "eats", "waits"].map((name) => [
    name,
    `shop.Handlers::${name}`,
  ]),
);

before(async () => {
  agent = await startJavaAgent();
  jar = jarOf(await compileHandlers());
  await agent.bindJar(
    { ...handlers, broken: "shop.Broken", missing: "shop.Missing", noHandler: "shop.Library", noMethod: "shop.Handlers::absent" },
    jar,
  );
});
after(() => agent.kill());

test("what is printed is logged under its invocation, at its level, by child threads too", async () => {
  const { stream } = await agent.call({ function: "logs" });
  const lines = agent.logs.filter((line) => line.stream === stream).map(({ level, text }) => [level, text.split("\n")[0]]);
  assert.deepEqual(lines, [
    [LogLevel.Info, "one line"],
    [LogLevel.Info, "two"],
    [LogLevel.Info, "lines"],
    [LogLevel.Error, "to err ü€😀"],
    [LogLevel.Info, "ö"],
    [LogLevel.Info, "by the context"],
    [LogLevel.Warn, "a warning"],
    [LogLevel.Warn, "of logging"],
    [LogLevel.Info, "in a thread"],
    [LogLevel.Error, "java.lang.IllegalStateException: in a thread of its own"],
  ]);
  assert.deepEqual(
    agent.logs.filter(({ text }) => text === "Handlers is loaded").map((line) => line.stream),
    [0],
  );
});

test("a long line arrives in parts", async () => {
  const { stream } = await agent.call({ function: "longLine" });
  const text = agent.logs.filter((line) => line.stream === stream).map((line) => line.text);
  assert.equal(text.join(""), "ü".repeat(20_000));
});

test("a flood of lines is cut to what can be kept, and the log says how many are missing", async () => {
  const reply = await agent.call({ function: "flood", remainingMs: 60_000 });
  assert.equal(reply.text, "flooded");
  await agent.logged("they came faster than they can be kept");
  const kept = agent.logs.filter(({ text }) => text.startsWith("flood ")).length;
  assert.ok(kept >= 4_000 && kept < 200_000, `${kept} lines`);
});

test("an exception resets with function-threw, and its stack is in the log without the agent's frames", async () => {
  const { reset, stream } = await agent.call({ function: "fails" });
  assert.deepEqual(reset, { code: ResetCode.FunctionThrew, message: "IllegalArgumentException: no luck" });
  const line = agent.logs.find((each) => each.stream === stream)!;
  assert.equal(line.level, LogLevel.Error);
  assert.match(
    line.text,
    /^java\.lang\.IllegalArgumentException: no luck\n\tat shop\.Handlers\.fails\(Handlers\.java:\d+\)\nCaused by: java\.lang\.IllegalStateException: deep down\n\tat shop\.Handlers\.deeper\(Handlers\.java:\d+\)\n\tat shop\.Handlers\.fails\(Handlers\.java:\d+\)$/,
  );
});

test("an event whose function throws gets the error as JSON", async () => {
  const { status, text } = await agent.call({ function: "fails", input: { kind: "event" }, body: "{}" });
  const { errorType, errorMessage, trace } = JSON.parse(text);
  assert.deepEqual([status, errorType, errorMessage], [500, "java.lang.IllegalArgumentException", "no luck"]);
  assert.equal(trace[0], "java.lang.IllegalArgumentException: no luck");
});

test("a stack that overflows is an error like any other", async () => {
  const { reset, stream } = await agent.call({ function: "recurses" });
  assert.deepEqual(reset, { code: ResetCode.FunctionThrew, message: "StackOverflowError" });
  // The frame that repeats is written a few times, and counted.
  const { text } = agent.logs.find((line) => line.stream === stream)!;
  assert.match(text, /(\n\tat shop\.Handlers\.recurses\(.*\)){3}\n\t\.\.\. and \d+ times more/);
  assert.ok(text.split("\n").length < 20, text);
});

test("code that cannot be loaded resets with function-load-failed, at every call, and says what is wrong", async () => {
  for (const [name, message] of Object.entries({
    broken: /Cannot invoke "String\.length\(\)"/,
    missing: /no class shop\.Missing in the app's code; the handler is "shop\.Missing"/,
    noHandler: /implements neither RequestHandler nor RequestStreamHandler/,
    noMethod: /no public method absent/,
  })) {
    const { reset, stream } = await agent.call({ function: name });
    assert.equal(reset?.code, ResetCode.FunctionLoadFailed, name);
    assert.match(agent.logs.find((line) => line.stream === stream)!.text, message);
    assert.equal((await agent.call({ function: name })).reset?.code, ResetCode.FunctionLoadFailed);
  }
});

test("a caller that goes away interrupts the handler, whose stream closes once it has settled", async () => {
  for (const name of ["sleeps", "stubborn"]) {
    const closed = Promise.withResolvers<void>();
    const request = agent.open({ closed: () => closed.resolve() }, { function: name, remainingMs: 60_000 });
    if (name === "sleeps") await agent.logged("falls asleep");
    request.reset(ResetCode.Cancelled, "");
    await closed.promise;
  }
  await agent.logged("was woken");
  // What came of it is nobody's fault, and the threads are as new.
  assert.deepEqual(
    agent.logs.filter(({ text }) => text.includes("InterruptedException")),
    [],
  );
  const replies = await Promise.all(Array.from({ length: 20 }, () => agent.call({ function: "waits" })));
  assert.deepEqual(
    replies.filter(({ status }) => status !== 200),
    [],
  );
});

test("System.exit ends the machine, and the log says who called it", async (t) => {
  const other = await startJavaAgent();
  t.after(() => other.kill());
  await other.bindJar(handlers, jar);
  const request = other.open({}, { function: "exits" });
  await other.dead;
  assert.deepEqual(
    other.logs.filter(({ stream }) => stream === request.stream).map(({ text }) => text.replace(/:\d+\)[^]*$/, "")),
    ["about to leave", "the function called System.exit, which ends its machine\n\tat shop.Handlers.exits(Handlers.java"],
  );
  if (other.child.exitCode === null) await once(other.child, "exit");
  assert.equal(other.child.exitCode, 3);
});

test("a signal that ends the machine is told as that, and not as a call of System.exit", async (t) => {
  const other = await startJavaAgent({ console: true });
  t.after(() => other.kill());
  await other.bindJar(handlers, jar);
  const exited = once(other.child, "exit");
  other.child.kill("SIGTERM");
  await other.dead;
  assert.deepEqual(other.logs, [{ stream: 0, level: LogLevel.Agent, text: "the process got the signal SIGTERM, which ends its machine" }]);
  assert.match(await other.console(), /^mayfly agent: it got the signal SIGTERM$/m);
  assert.deepEqual(await exited, [143, null]);
});

test("a heap that is full ends the machine, with the words by which the host knows that", async (t) => {
  const other = await startJavaAgent({ flags: ["-Xmx32m"], console: true });
  t.after(() => other.kill());
  await other.bindJar(handlers, jar);
  const request = other.open({}, { function: "eats", remainingMs: 60_000 });
  await other.dead;
  const line = other.logs.find(({ stream }) => stream === request.stream)!;
  assert.match(
    line.text,
    /^there is no memory left, which ends the machine\njava\.lang\.OutOfMemoryError: Java heap space\n\tat shop\.Handlers\.eats/,
  );
  assert.match(await other.console(), /^mayfly agent: Java heap out of memory\n/);
});
