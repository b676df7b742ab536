import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { LogLevel, ResetCode } from "../wire/protocol.ts";
import { type RunningAgent, startAgentProcess } from "./testing/running-agent.ts";

const map = Buffer.from(JSON.stringify({ version: 3, sources: ["src/original.ts"], names: [], mappings: "AAKA" })).toString("base64");

let agent: RunningAgent;

before(async () => {
  agent = await startAgentProcess();
  await agent.bind({
    main: `console.log("at load"); exports.default = { fetch(request) { return eval("(async () => {" + decodeURIComponent(new URL(request.url).search.slice(1)) + "})()") } }`,
    mapped: `exports.default = { fetch() { throw new Error("with a map") } }\n//# sourceMappingURL=data:application/json;base64,${map}`,
    "badly-mapped": `exports.default = { fetch() { throw new Error("with a bad map") } }\n//# sourceMappingURL=data:application/json;base64,bm8gbWFw`,
    caused: `function inner() { throw new TypeError("the inner one") }; exports.default = { fetch() { try { inner() } catch (cause) { throw Object.assign(new Error("the outer error", { cause }), { hint: "look here" }) } } }`,
  });
});
after(() => agent.kill());

function run(code: string, remainingMs = 5_000) {
  return agent.call({ url: `http://x/?${encodeURIComponent(code)}`, remainingMs });
}

test("console's methods log at their levels, under the invocation", async () => {
  const reply = await run(
    `console.debug("d %s", 1); console.log({ a: [1] }); console.info("i"); console.warn("w"); console.error(new Error("e")); console.table([{ x: 1 }]); return new Response()`,
  );
  const lines = agent.logs.filter(({ stream }) => stream === reply.stream);
  assert.deepEqual(
    lines.slice(0, 4).map(({ level, text }) => [level, text]),
    [
      [LogLevel.Debug, "d 1"],
      [LogLevel.Info, "{ a: [ 1 ] }"],
      [LogLevel.Info, "i"],
      [LogLevel.Warn, "w"],
    ],
  );
  assert.equal(lines[4]!.level, LogLevel.Error);
  assert.match(lines[4]!.text, /^Error: e\n {4}at /);
  assert.match(lines[5]!.text, /│ x/);
});

test("what is printed while the code is loaded belongs to the app", async () => {
  assert.equal((await agent.logged("at load")).stream, 0);
});

test("process.stdout and writes to its descriptor are logged", async () => {
  const reply = await run(
    `process.stdout.write("by stream\\n"); require("node:fs").writeSync(1, "by descriptor\\n"); return new Response()`.replace(
      "require",
      "process.getBuiltinModule",
    ),
  );
  assert.equal((await agent.logged("by stream")).stream, reply.stream);
  assert.equal((await agent.logged("by descriptor")).text, "by descriptor");
});

test("a stream of the file system on a descriptor, and writes of several pieces, are logged under their invocation", async () => {
  const reply = await run(
    `const fs = process.getBuiltinModule("node:fs");
    const stream = fs.createWriteStream(null, { fd: 1, autoClose: false });
    for (const text of ["first piece\\n", "second piece\\n", "third piece\\n"]) stream.write(text);
    await new Promise((done) => stream.end(done));
    fs.writevSync(2, [Buffer.from("joined "), new Uint8Array(Buffer.from("pieces\\n"))]);
    const [, written] = await new Promise((done) => fs.writev(1, [Buffer.from("later pieces\\n")], (...all) => done(all)));
    return new Response(String(written));`,
  );
  assert.equal(reply.text, "13");
  for (const text of ["first piece", "second piece", "third piece", "joined pieces", "later pieces"])
    assert.equal((await agent.logged(text)).stream, reply.stream, text);
});

test("invocations that run at once keep their logs apart", async () => {
  const names = Array.from({ length: 20 }, (_, at) => `mark-${at}-`);
  const replies = await Promise.all(
    names.map((name) => run(`await new Promise((r) => setTimeout(r, Math.random() * 20)); console.log("${name}"); return new Response()`)),
  );
  for (const [at, name] of names.entries()) assert.equal(agent.logs.find(({ text }) => text === name)?.stream, replies[at]!.stream);
});

for (const [what, code] of [
  ["an error thrown in a timer", `setTimeout(() => { throw new Error("lost") }, 1); await new Promise(() => {})`],
  ["a rejection that nobody handles", `void Promise.reject(new Error("lost")); await new Promise(() => {})`],
  [
    "an error event without a listener",
    `setImmediate(() => new (process.getBuiltinModule("node:events"))().emit("error", new Error("lost"))); await new Promise(() => {})`,
  ],
] as const) {
  test(`${what} fails its invocation, and the machine lives on`, async () => {
    const reply = await run(code);
    assert.deepEqual(reply.reset, { code: ResetCode.FunctionThrew, message: "Error: lost" });
    assert.match(agent.logs.findLast(({ stream }) => stream === reply.stream)!.text, /Error: lost\n/);
    assert.equal((await run(`return new Response("alive")`)).text, "alive");
  });
}

test("an app that removes all listeners of errors removes its own: the machine lives on", async () => {
  const other = await startAgentProcess();
  await other.bind({
    main: `
      let seen = 0;
      process.on("uncaughtException", () => seen++);
      exports.default = { async fetch(request) {
        const how = new URL(request.url).pathname.slice(1);
        if (how === "one") for (const event of ["uncaughtException", "unhandledRejection"]) process.removeAllListeners(event);
        if (how === "each") for (const event of ["uncaughtException", "unhandledRejection"]) for (const one of process.listeners(event)) process.off(event, one);
        if (how === "all") process.removeAllListeners();
        setTimeout(() => { throw new Error("thrown") }, 1);
        void Promise.reject(new Error("rejected"));
        await new Promise((resolve) => setTimeout(resolve, 20));
        return new Response(String(seen));
      } }`,
  });
  for (const how of ["", "one", "each", "all"])
    assert.equal((await other.call({ url: `http://x/${how}` })).reset?.message, "Error: rejected", how);
  assert.equal(await other.host.ping().then(() => "alive"), "alive");
  await other.kill();
});

test("an error after the reply is logged for the app, with the invocation's id", async () => {
  await run(`setTimeout(() => { throw new Error("too late") }, 5); return new Response()`);
  const line = await agent.logged("too late");
  assert.equal(line.stream, 0);
  assert.match(line.text, /id-\w+/);
});

test("stacks name the user's own files where the bundle has a map", async () => {
  await agent.call({ function: "mapped" });
  assert.match((await agent.logged("with a map")).text, /src\/original\.ts:6:/);
});

test("with a source map that is not valid, stacks stay as they are", async () => {
  await agent.call({ function: "badly-mapped" });
  assert.match((await agent.logged("with a bad map")).text, /\/app\/badly-mapped\.cjs:1:/);
});

test("stacks end with the function's own frames, also above properties and in causes", async () => {
  const agentFrame = /at .*\/src\/(guest|wire)\//;
  await agent.call({ function: "mapped" });
  const plain = (await agent.logged("with a map")).text;
  assert.doesNotMatch(plain, agentFrame);
  await agent.call({ function: "caused" });
  const caused = (await agent.logged("the outer error")).text;
  assert.doesNotMatch(caused, agentFrame);
  assert.match(caused, /^Error: the outer error\n {4}at Object\.fetch \([\w/-]+\/app\/caused\.cjs:1:\d+\) \{\n {2}hint: 'look here',/);
  assert.match(caused, /\[cause\]: TypeError: the inner one\n {6}at inner \([\w/-]+\/app\/caused\.cjs:1:\d+\)\n/);
});

test("for a missing module the log says, however it was asked for, that the deploy has to bundle it", async () => {
  for (const [code, ask] of [
    ["MODULE_NOT_FOUND", `require("nowhere")`],
    ["ERR_MODULE_NOT_FOUND", `await import("nowhere")`],
  ]) {
    const { stream } = await run(`try { ${ask} } catch (error) { throw Object.assign(error, { asked: ${JSON.stringify(ask)} }) }`);
    const { text, stream: its } = await agent.logged(`asked: ${ask!.includes("await") ? "'await" : "'require"}`);
    assert.equal(its, stream);
    assert.match(text, /Cannot find (module|package) 'nowhere'/);
    assert.ok(text.includes(`code: '${code}'`), "as in plain Node, for code that looks at it");
    assert.match(text, /Machines have what `mayfly deploy` bundled[^]*install it beside mayfly\.json/);
  }
});

test("if a handler floods its log, lines are dropped, and the log says how many", async () => {
  const reply = await run(`for (let at = 0; at < 20000; at++) console.log("flood ".repeat(200)); return new Response("done")`, 60_000);
  assert.equal(reply.text, "done");
  assert.match((await agent.logged("Dropped ")).text, /^Dropped \d+ log lines/);
});

test("200,000 lines printed at once are logged or counted, none is lost silently, and what the function throws after them is logged", async () => {
  const other = await startAgentProcess();
  await other.bind({
    main: `exports.default = { fetch() { for (let at = 0; at < 200000; at++) console.log("line of a flood"); throw new Error("after the flood") } }`,
  });
  await other.call();
  await other.logged("after the flood");
  await other.logged("Dropped ");
  const counts = other.logs.map(({ text }) => Number(/^Dropped (\d+) log lines/.exec(text)?.[1] ?? (text === "line of a flood" ? 1 : 0)));
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    200_000,
  );
  await other.kill();
});

for (const [what, print] of [
  ["console.log", `console.log("the last words")`],
  ["a line that is not ended", `process.stdout.write("the last "); process.stdout.write("words")`],
  ["fs.writeSync", `process.getBuiltinModule("node:fs").writeSync(2, "the last words\\n")`],
] as const) {
  test(`what a function printed by ${what} before it blocks its machine for good is logged, under its invocation`, async () => {
    const other = await startAgentProcess();
    await other.bind({ main: `exports.default = { fetch() { ${print}; for (;;); } }` });
    const request = other.open({});
    const line = await other.logged("the last words");
    assert.deepEqual(line, { stream: request.stream, level: line.level, text: "the last words" });
    await other.kill();
  });
}

test("what was printed right before a process is killed is logged", async () => {
  const other = await startAgentProcess();
  const kill = `process.getBuiltinModule("node:child_process").spawnSync("/bin/sh", ["-c", "kill -9 " + process.pid])`;
  await other.bind({ main: `exports.default = { fetch() { for (let n = 0; n < 500; n++) console.log("line", n); ${kill} } }` });
  other.open({});
  await other.dead;
  assert.deepEqual(
    other.logs.map(({ text }) => text),
    Array.from({ length: 500 }, (_, n) => `line ${n}`),
  );
});

test("chunks of one line are one entry, lines in one chunk are several entries, and stderr is kept apart", async () => {
  const reply = await run(
    `for (const chunk of ["progress: ", ".", "."]) { process.stdout.write(chunk); process.stderr.write("e"); await null; }
     process.stdout.write(" done\\nnext\\n\\nlast"); process.stdout.write(Buffer.from("c3", "hex")); process.stdout.write(Buffer.from("a4", "hex"));
     process.stdout.write("C3B6", "hex"); return new Response()`,
  );
  await agent.logged("lastäö");
  const lines = agent.logs.filter(({ stream }) => stream === reply.stream);
  assert.deepEqual(
    lines.filter(({ level }) => level === LogLevel.Info).map(({ text }) => text),
    ["progress: .. done", "next", "", "lastäö"],
  );
  assert.deepEqual(
    lines.filter(({ level }) => level === LogLevel.Error).map(({ text }) => text),
    ["eee"],
  );
});

test("what a child process prints on inherited descriptors is logged under the invocation that started it", async () => {
  const script = JSON.stringify(`console.log("child out"); console.error("child err")`);
  const reply = await run(
    `const { spawn, spawnSync, execFileSync } = process.getBuiltinModule("node:child_process");
     const child = spawn(process.execPath, ["-e", ${script}], { stdio: "inherit" });
     if (child.stdout !== null || child.stdio[1] !== null) throw new Error("it has a stream");
     await new Promise((resolve) => child.on("close", resolve));
     const sync = spawnSync(process.execPath, ["-e", ${script}], { stdio: ["ignore", 1, process.stderr] });
     const out = execFileSync(process.execPath, ["-p", "1"], { stdio: ["ignore", "pipe", "inherit"] });
     return Response.json([sync.status, sync.stdout, sync.output, String(out)])`,
    60_000,
  );
  assert.deepEqual(JSON.parse(reply.text), [0, null, [null, null, null], "1\n"]);
  const lines = agent.logs.filter(({ stream }) => stream === reply.stream);
  for (const [level, text] of [
    [LogLevel.Info, "child out"],
    [LogLevel.Error, "child err"],
  ] as const)
    assert.equal(lines.filter((line) => line.level === level && line.text === text).length, 2, text);
});

test("a child process that inherits the outputs may open them by their paths", async () => {
  const script = JSON.stringify(
    `const fs = process.getBuiltinModule("node:fs"); for (const path of ["/dev/stdout", "/dev/stderr", "/proc/self/fd/1"]) fs.writeFileSync(path, "child by " + path + "\\n")`,
  );
  const reply = await run(
    `const child = process.getBuiltinModule("node:child_process").spawn(process.execPath, ["-e", ${script}], { stdio: "inherit" });
     return new Response(String(await new Promise((resolve) => child.on("close", resolve))))`,
    60_000,
  );
  assert.equal(reply.text, "0");
  for (const path of ["/dev/stdout", "/dev/stderr", "/proc/self/fd/1"])
    assert.ok(
      agent.logs.some(({ stream, text }) => stream === reply.stream && text === `child by ${path}`),
      path,
    );
});

test("a long line arrives in parts", async () => {
  const reply = await run(`console.log("ü".repeat(20000)); return new Response()`);
  const text = agent.logs
    .filter(({ stream }) => stream === reply.stream)
    .map((line) => line.text)
    .join("");
  assert.equal(text, "ü".repeat(20_000));
});

test("process.exit ends the machine, and the log says who called it", async () => {
  const other = await startAgentProcess();
  await other.bind({ main: `exports.default = { fetch() { process.exit(3) } }` });
  void other.call();
  assert.match((await other.logged("process.exit")).text, /called process\.exit.*\n(?:.*\n)*.*\/app\/main\.cjs/);
  if (other.child.exitCode === null) await once(other.child, "exit");
  assert.equal(other.child.exitCode, 3);
  await other.kill();
});

test("stacks name source files as they are called, with spaces and non-ASCII letters, also for errors that nobody caught", async () => {
  const other = await startAgentProcess();
  const named = Buffer.from(JSON.stringify({ version: 3, sources: ["src%20dir/h%C3%A4llo.ts"], names: [], mappings: "AAKA" })).toString(
    "base64",
  );
  const code = `exports.default = { fetch() { setTimeout(() => Promise.reject(new Error("nobody listens"))); return new Promise(() => {}) } }`;
  await other.bind({ main: `${code}\n//# sourceMappingURL=data:application/json;base64,${named}` });
  void other.call();
  assert.match((await other.logged("nobody listens")).text, /^Error: nobody listens\n +at .*src dir\/hällo\.ts:6:1/);
  await other.kill();
});
