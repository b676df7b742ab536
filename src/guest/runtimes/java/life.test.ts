/** A machine's life: Resume, warm-up, rehearsals, files and Bind, statistics, the end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { until } from "../../../base/clock/until.ts";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { filesBundle, LIST_AT } from "../../../store/catalog/app-files.ts";
import { type BindFiles, type BindMessage, LogLevel, REHEARSAL_APP, ResetCode, WARM_FUNCTION } from "../../../wire/protocol.ts";
import { compileHandlers, type JavaAgent, jarOf, startJavaAgent } from "./testing/java-agent.ts";

let classes: Map<string, Buffer>;

before(async () => {
  classes = await compileHandlers();
});

type Test = Parameters<typeof afterwards>[0];

async function start(t: Test, options?: Parameters<typeof startJavaAgent>[0]): Promise<JavaAgent> {
  const agent = await startJavaAgent(options);
  afterwards(t, () => agent.kill());
  return agent;
}

test("the warm-up answers by handlers of every kind, and leaves nothing behind that a Bind would find", async (t) => {
  const agent = await start(t);
  assert.match(agent.ready.node, /^17\./);
  for (let turn = 0; turn < 7; turn++) assert.equal((await agent.call({ function: WARM_FUNCTION })).status, 200);
  await agent.bindJar({ main: "shop.Handlers::environment" }, jarOf(classes), { env: { COLOUR: "red", PATH: "/own" } });
  const { PATH, COLOUR, TMPDIR, LANG, HOST_ONLY, MAYFLY_CHANNEL, ...rest } = JSON.parse((await agent.call()).text);
  assert.deepEqual(
    [PATH, COLOUR, TMPDIR, LANG, HOST_ONLY, MAYFLY_CHANNEL],
    ["/own", "red", agent.temporary, "C.UTF-8", undefined, undefined],
  );
  assert.deepEqual(rest, {
    MAYFLY_APP: "app",
    MAYFLY_VERSION: "7",
    AWS_LAMBDA_FUNCTION_NAME: "main",
    AWS_LAMBDA_FUNCTION_VERSION: "7",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
    LAMBDA_TASK_ROOT: agent.taskRoot,
  });
  assert.equal((await agent.call({ function: WARM_FUNCTION })).reset?.code, ResetCode.FunctionNotFound);
});

test("a rehearsal's classes, jar and files are gone at the next Bind, and a second app is refused", async (t) => {
  const agent = await start(t);
  const files = bundled({ "old/a.txt": "old" });
  const jar = jarOf(classes);
  for (let round = 0; round < 3; round++) {
    await agent.bindJar({ main: "shop.Handlers::waits" }, Buffer.concat([files.bytes, jar]), {
      app: REHEARSAL_APP,
      files: files.message,
      functions: one(jar),
    });
    // The class is loaded anew in each round, so its count begins again.
    assert.equal((await agent.call()).text, "1");
  }
  assert.ok(existsSync(join(agent.taskRoot, "old/a.txt")));
  await agent.bindJar({ main: "shop.Handlers::waits" }, jar);
  assert.deepEqual([(await agent.call()).text, existsSync(join(agent.taskRoot, "old"))], ["1", false]);
  assert.equal(readdirSync(agent.temporary).length, 1);
  await assert.rejects(agent.bindJar({ main: "shop.Handlers::waits" }, jar), cause(/bound already/));
});

test("a rehearsal that brings no code runs handlers of the agent's own; an app cannot", async (t) => {
  const agent = await start(t);
  const source = { type: "frames" as const, bytes: 0 };
  const functions = ["Short", "Plain", "Streaming"].map((name) => ({ name, format: "java" as const, source, handler: `warm.${name}` }));
  await agent.bind({}, { app: REHEARSAL_APP, functions });
  for (const { name } of functions) assert.equal((await agent.call({ function: name })).status, 200);
  assert.deepEqual([...new Set(agent.logs.map(({ level }) => level))], [LogLevel.Debug]);
  await agent.bind({}, { functions });
  assert.equal((await agent.call({ function: "Short" })).reset?.code, ResetCode.FunctionLoadFailed);
});

test("code comes from the task root's classes, from its own folder, from lib, or from a jar among the files", async (t) => {
  const rest = new Map(classes);
  const library = new Map([["shop/Library.class", classes.get("shop/Library.class")!]]);
  rest.delete("shop/Library.class");
  const inFolder = (folder: string, of: Map<string, Buffer>) =>
    Object.fromEntries([...of].map(([path, data]) => [join(folder, path), data]));
  const user = { handler: "shop.UsesLibrary", name: "main", format: "java" as const };
  const ways: [Record<string, Buffer>, string | null][] = [
    [{ ...inFolder("classes", rest), "lib/library.jar": jarOf(library) }, null],
    [{ ...inFolder("", rest), ...inFolder("classes", library) }, "."],
    [{ "app.jar": jarOf(rest), "lib/a.jar": jarOf(library) }, "app.jar"],
    [{ ...inFolder("target/classes", rest), ...inFolder("", library) }, "target/classes"],
  ];
  for (const [files, path] of ways) {
    const agent = await start(t);
    const { message, bytes } = bundled(files);
    const source = path === null ? { type: "frames" as const, bytes: 0 } : { type: "file" as const, path };
    await agent.bind({}, { files: message, functions: [{ ...user, source }], preload: "main" }, bytes);
    assert.equal((await agent.call({ input: { kind: "event" } })).text, "from a library", String(path));
  }
});

test("files are in the working directory, and resources of the class path", async (t) => {
  const agent = await start(t);
  const jar = jarOf(classes);
  const files = bundled({ "data/words.txt": "wörds", "run.sh": "#!/bin/sh\n" }, "run.sh");
  const functions = one(jar, "shop.Handlers::files");
  await agent.bind({}, { files: files.message, functions }, Buffer.concat([files.bytes, jar]));
  assert.deepEqual(JSON.parse((await agent.call()).text), ["wörds", "wörds", true]);
});

test("what this agent cannot run or write refuses the Bind, and says why", async (t) => {
  const jar = jarOf(classes);
  const refused = async (message: Partial<BindMessage>, bytes: Buffer, why: RegExp, prepare?: (agent: JavaAgent) => void) => {
    const agent = await start(t);
    prepare?.(agent);
    await assert.rejects(agent.bind({}, { functions: one(jar), ...message }, bytes), cause(why));
  };
  const source = { type: "file" as const, path: "absent.jar" };
  await refused({ functions: [{ name: "main", format: "python", source, handler: "a" }] }, Buffer.alloc(0), /of the format python/);
  await refused({ functions: [{ name: "main", format: "java", source, handler: "a" }] }, Buffer.alloc(0), /there is no absent\.jar/);
  await refused({ files: { type: "tape" } as unknown as BindFiles }, jar, /come as "tape", which this agent does not know/);
  const { message, bytes } = bundled({ "a/b": "1" });
  await refused({ files: message }, Buffer.concat([bytes, jar]), /FileSystemException|FileAlreadyExists/, (agent) =>
    writeFileSync(join(agent.taskRoot, "a"), "a file where the folder should be"),
  );
});

test("code that fails at its preload is logged, and fails again at its first invocation", async (t) => {
  const agent = await start(t);
  await agent.bindJar({ main: "shop.Broken" }, jarOf(classes), { preload: "main" });
  assert.equal((await agent.logged("NullPointerException")).stream, 0);
  assert.equal((await agent.call()).reset?.code, ResetCode.FunctionLoadFailed);
});

test("equal agents given different entropy draw different random numbers from every source", async (t) => {
  const seen = new Set<unknown>();
  for (const entropy of ["one", "two"]) {
    const agent = await start(t, { entropy: Buffer.alloc(64, entropy) });
    await agent.bindJar({ main: "shop.Handlers::random" }, jarOf(classes));
    const { text } = await agent.call();
    for (const value of text.slice(1, -1).split(",")) seen.add(value);
    assert.deepEqual(agent.logs, [{ stream: 0, level: 1, text: "Handlers is loaded" }]);
  }
  assert.equal(seen.size, 12);
});

test("the plain generators go by the entropy alone, so that what a template has drawn does not matter", async (t) => {
  const drawn: string[][] = [];
  for (const entropy of ["one", "one", "two"]) {
    const agent = await start(t);
    await agent.host.resume(Date.now(), Buffer.alloc(64, entropy), "m-test", false);
    await agent.bindJar({ main: "shop.Handlers::random" }, jarOf(classes));
    drawn.push((await agent.call()).text.slice(1, -1).split(","));
  }
  const [first, again, other] = drawn as [string[], string[], string[]];
  // Of Math.random and SplittableRandom; the others take the time, or the thread, as well.
  assert.deepEqual([again[0], again[3]], [first[0], first[3]]);
  assert.ok(other[0] !== first[0] && other[3] !== first[3]);
});

test("statistics come while calls run, and once after", async (t) => {
  const agent = await start(t);
  await agent.bindJar({ main: "shop.Handlers::computes" }, jarOf(classes));
  const enough = () => agent.stats.filter(({ inFlight, cpuMs }) => inFlight > 0 && cpuMs > 0).length >= 2;
  const calls = Array.from({ length: 16 }, async () => {
    while (!enough()) await agent.call({ remainingMs: 60_000 });
  });
  await Promise.all(calls);
  await until(() => agent.stats.at(-1)!.inFlight === 0, { what: "the last report" });
  assert.ok(agent.stats.some(({ loopDelayMaxMs, loopDelayMeanMs }) => loopDelayMaxMs >= loopDelayMeanMs && loopDelayMeanMs > 0));
  assert.ok(agent.stats.every(({ rssBytes, heapUsedBytes }) => rssBytes > 20e6 && heapUsedBytes > 1e6));
});

test("the agent ends when its channel does", async (t) => {
  const agent = await start(t);
  const ended = once(agent.child, "exit");
  agent.child.stdio[3]!.destroy();
  assert.deepEqual(await ended, [0, null]);
});

function one(jar: Buffer, handler = "shop.Handlers::waits"): BindMessage["functions"] {
  return [{ name: "main", format: "java", source: { type: "frames", bytes: jar.length }, handler }];
}

function bundled(files: Record<string, string | Buffer>, executable = ""): { message: BindFiles; bytes: Buffer } {
  const list = Object.entries(files).map(([name, text]) => ({ path: name, content: Buffer.from(text), executable: name === executable }));
  const code = Buffer.from(filesBundle(list).code);
  const length = code.readUInt32LE(0);
  return { message: { type: "frames", list: length, bytes: code.length - LIST_AT - length }, bytes: code.subarray(LIST_AT) };
}

function cause(expected: RegExp): (error: unknown) => boolean {
  return (error) => expected.test(String((error as Error).cause));
}
