/** Code that is not gentle with what it runs on, and what it leaves to the calls that follow. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { LogLevel, ResetCode } from "../../../wire/protocol.ts";
import { compileHandlers, type JavaAgent, jarOf, startJavaAgent } from "./testing/java-agent.ts";

type Test = Parameters<typeof afterwards>[0];

let jar: Buffer;

before(async () => {
  jar = jarOf(await compileHandlers());
});

async function start(t: Test, handlers: Record<string, string>, options: Parameters<typeof startJavaAgent>[0] = {}): Promise<JavaAgent> {
  const agent = await startJavaAgent(options);
  afterwards(t, () => agent.kill());
  await agent.bindJar(handlers, jar, { env: { TZ: ":Europe/Berlin" } });
  return agent;
}

test("code that closes what it prints to does not silence the calls after it, and there is nothing to read", async (t) => {
  const agent = await start(t, { closes: "shop.Rough::closes", reads: "shop.Rough::reads" });
  for (let time = 1; time <= 3; time++) {
    const { stream } = await agent.call({ function: "closes" });
    const lines = agent.logs.filter((line) => line.stream === stream).map(({ level, text }) => [level, text]);
    const expected = [
      [LogLevel.Error, `closing err ${time}`],
      [LogLevel.Info, `closing out ${time}`],
    ];
    assert.deepEqual(lines, expected);
  }
  assert.equal((await agent.call({ function: "reads" })).text, "-1");
});

test("an error of which nothing can be asked is a failure like any other, at each call", async (t) => {
  const agent = await start(t, { main: "shop.Rough::unspeakable", nameless: "shop.Rough::nameless" });
  for (let time = 0; time < 20; time++) assert.equal((await agent.call()).reset?.code, ResetCode.FunctionThrew);
  assert.deepEqual((await agent.call({ function: "nameless" })).reset, { code: ResetCode.FunctionThrew, message: "Rough$1: of no name" });
});

test("threads that live on keep nothing of the bodies of their calls", async (t) => {
  const agent = await start(t, { main: "shop.Rough::keeps" }, { flags: ["-Xmx48m"] });
  for (let time = 0; time < 20; time++) {
    const { text } = await agent.call({ input: { kind: "event" }, body: Buffer.alloc(3_000_000, "b"), remainingMs: 60_000 });
    assert.equal(text, "3000000");
  }
});

for (const [how, flags] of Object.entries({ compiled: [], interpreted: ["-Xint"] }))
  test(`code that prints, or writes its reply, at the end of its stack harms no call, ${how}`, async (t) => {
    const agent = await start(t, { prints: "shop.Rough::printsAtEndOfStack", writes: "shop.Rough::writesAtEndOfStack" }, { flags });
    for (let round = 0; round < 2; round++) {
      const others = Array.from({ length: 3 }, () => agent.call({ function: "prints", remainingMs: 60_000 }));
      assert.equal((await agent.call({ function: "writes", remainingMs: 60_000 })).text, "begin abcdefghijklmnopqrst");
      for (const { text, stream } of await Promise.all(others)) {
        assert.equal(text, "null");
        // What Java's own stream has kept of a line before may stand before the last one.
        assert.match(agent.logs.findLast((line) => line.stream === stream)!.text, /room again$/);
      }
    }
  });

test("bytes that are no text are logged, and do not keep their handler for ever", async (t) => {
  const agent = await start(t, { main: "shop.Rough::printsBytes" });
  const { stream } = await agent.call();
  const lines = agent.logs.filter((line) => line.stream === stream).map(({ text }) => text);
  // What is longer than 16 frames is cut.
  assert.equal(lines.join(""), "\ufffd".repeat(20_000 + 16 * 16_384));
});

test("a record of java.util.logging without a message is logged as Java shows it", async (t) => {
  const agent = await start(t, { main: "shop.Rough::logsNothing" });
  const { stream } = await agent.call();
  const lines = agent.logs.filter((line) => line.stream === stream).map(({ level, text }) => [level, text.split("\n")[0]]);
  assert.deepEqual(lines, [
    [LogLevel.Error, "java.lang.IllegalStateException: the error"],
    [LogLevel.Info, "null"],
  ]);
});

test("an interrupt that comes after the end of a call is none of the calls that follow", async (t) => {
  const agent = await start(t, { main: "shop.Rough::isInterrupted", interrupts: "shop.Rough::interruptsEarlier" });
  // So many that the thread that reads the channel runs them itself.
  for (let time = 0; time < 20; time++) assert.equal((await agent.call()).text, "false");
  await agent.call({ function: "interrupts" });
  for (let time = 0; time < 5; time++) assert.equal((await agent.call()).text, "false");
});

test("what becomes a template may have a function that is preloaded", async (t) => {
  const agent = await startJavaAgent();
  afterwards(t, () => agent.kill());
  await agent.bindJar({ main: "shop.Rough$Slow::handle" }, jar, { preload: "main", snapshot: true });
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

test("a class that interrupts its thread as it is made does not interrupt its first call", async (t) => {
  for (const preload of [{}, { preload: "main" }]) {
    const agent = await startJavaAgent();
    afterwards(t, () => agent.kill());
    await agent.bindJar({ main: "shop.Rough$Interrupting::handle" }, jar, preload);
    assert.equal((await agent.call()).text, "slept");
  }
});

test("a class that fails by an Error does so by the same at each call, and fills no memory", async (t) => {
  const agent = await start(t, { main: "shop.Rough$Failing::handle" }, { flags: ["-Xmx48m"] });
  for (let time = 0; time < 30; time++) {
    assert.deepEqual((await agent.call({ remainingMs: 60_000 })).reset, {
      code: ResetCode.FunctionLoadFailed,
      message: "AssertionError: not this time",
    });
  }
});

test("the algorithms of RandomGenerator are there, and take their seeds from the entropy of a clone", async (t) => {
  const drawn: Record<string, unknown>[] = [];
  for (const entropy of ["one", "one", "two"]) {
    const agent = await startJavaAgent();
    afterwards(t, () => agent.kill());
    await agent.bindJar({ main: "shop.Rough::generators" }, jar, { snapshot: true });
    const restore = (bytes: string) => agent.host.resume(Date.now(), Buffer.alloc(64, bytes), "m-test", false, { restored: true });
    await restore("template");
    await agent.call();
    await restore(entropy);
    drawn.push(JSON.parse((await agent.call()).text) as Record<string, unknown>);
  }
  const [first, again, second] = drawn as [Record<string, unknown>, Record<string, unknown>, Record<string, unknown>];
  assert.deepEqual(again, first);
  for (const name of Object.keys(first)) assert.notEqual(second[name], first[name], name);
});

test("a zone of time may have POSIX's colon", async (t) => {
  const agent = await start(t, { main: "shop.Rough::zone" });
  assert.equal((await agent.call()).text, "Europe/Berlin");
});

test("code that removes Java's own properties does not keep the machine from resuming", async (t) => {
  const agent = await start(t, { main: "shop.Rough::forgets" });
  assert.equal((await agent.call()).text, agent.ready.node);
  assert.deepEqual(await agent.host.resume(Date.now(), Buffer.alloc(64), "m-test", false), agent.ready);
});

test("a stream is an object of JSON only if that begins with a brace", async (t) => {
  const agent = await start(t, { main: "shop.Rough::binary" });
  const { headers, body } = await agent.call();
  assert.deepEqual([headers["content-type"], [...body]], ["application/octet-stream", [0, 0, 0x7b, 1]]);
});

test("what a class inherits from one that is not public belongs to it, and of several setters the getter's is called", async (t) => {
  const agent = await start(t, { main: "shop.Inherited::same" });
  const { text } = await agent.call({ input: { kind: "event" }, body: '{"id":5,"a":1,"b":2,"c":3,"some":7,"none":null}' });
  assert.deepEqual(JSON.parse(text), { id: 5, set: "abc", a: 1, b: 2, c: 3, some: 7, none: null });
});

test("numbers that would take minutes to read are refused, and those that Java shows otherwise are JSON's", async (t) => {
  const agent = await start(t, { whole: "shop.Rough::whole", same: "shop.Rough::same", numbers: "shop.Rough::numbers" });
  const answer = async (name: string, body: string) =>
    JSON.parse((await agent.call({ function: name, input: { kind: "event" }, body, remainingMs: 60_000 })).text) as {
      errorMessage: string;
    };
  for (const name of ["whole", "same"]) {
    assert.match((await answer(name, "7".repeat(3_000_000))).errorMessage, /a number of more than 1000 digits/);
  }
  for (const number of ["1E+999999999", "1E-999999999"])
    assert.equal((await answer("whole", number)).errorMessage, `${number} is no BigInteger`);
  assert.equal((await answer("whole", JSON.stringify("7".repeat(3_000_000)))).errorMessage, `"${"7".repeat(99)}... is no BigInteger`);
  assert.deepEqual(await answer("whole", "12e2"), 1200);
  assert.equal((await agent.call({ function: "numbers" })).text, "[1,null,0.5,1E+400,null]");
});

test("JSON is read and written as deep as it may be, by any of the agent's threads", async (t) => {
  const agent = await start(t, { main: "shop.Rough::same" });
  const deep = [`${"[".repeat(500)}${"]".repeat(500)}`, `${'{"a":'.repeat(499)}[]${"}".repeat(499)}`];
  for (let time = 0; time < 20; time++) {
    for (const body of deep) assert.equal((await agent.call({ input: { kind: "event" }, body })).text, body);
  }
  const { text } = await agent.call({ input: { kind: "event" }, body: `[${deep[0]}]` });
  assert.match((JSON.parse(text) as { errorMessage: string }).errorMessage, /nested more than 500 deep/);
});
