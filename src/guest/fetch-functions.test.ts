import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ResetCode } from "../wire/protocol.ts";
import { type RunningAgent, startAgentProcess } from "./testing/running-agent.ts";

let agent: RunningAgent;

before(async () => {
  agent = await startAgentProcess();
  await agent.bind(
    {
      main: `exports.default = { fetch: (request) => new Response("hello " + new URL(request.url).pathname) }`,
      echo: `exports.default = { async fetch(request) {
        return new Response(await request.text(), { status: 201, headers: { "X-Method": request.method, "x-type": request.headers.get("content-type") } });
      } }`,
      stream: `exports.default = { fetch: (request) => new Response(request.body) }`,
      big: `exports.default = { fetch: () => new Response("x".repeat(1_000_000)) }`,
      bytes: `exports.default = { fetch: () => new Response(Buffer.alloc(65_537)) }`,
      own: `exports.default = { fetch: () => new Response(Buffer.alloc(65_537), { headers: { "Content-Length": "65537" } }) }`,
      env: `exports.default = { fetch: (request, env, ctx) => Response.json({ env, own: process.env.GREETING, host: process.env.HOST_ONLY ?? null, id: ctx.invocationId, ms: ctx.remainingMs() }) }`,
      throws: `exports.default = { fetch() { throw new Error("boom") } }`,
      rejects: `exports.default = { async fetch() { throw new Error("later boom") } }`,
      nothing: `exports.default = { fetch() {} }`,
      foreign: `const { Readable } = require("node:stream");
        const pairs = [["x-a", "1"], ["set-cookie", "a=1, b=2"], ["content-encoding", "gzip"], ["content-length", "9"]];
        const cookies = { getSetCookie: () => ["a=1", "b=2"] };
        const raw = { raw: () => ({ "set-cookie": ["a=1", "b=2"] }) };
        const headers = (more, without = ["content-encoding", "content-length"]) => Object.assign(new Map(pairs.filter(([name]) => !without.includes(name))), more);
        const whole = async () => new TextEncoder().encode("whole").buffer;
        const arrayBuffer = () => { throw new Error("not wanted") };
        const makes = {
          web: () => ({ status: 201, headers: headers(cookies), body: new Blob(["web"]).stream(), arrayBuffer }),
          node: () => ({ status: 201, headers: headers(raw), body: Readable.from(["no", Buffer.from("de")]), arrayBuffer }),
          generator: () => ({ status: 201, headers: headers(cookies), body: (async function* () { yield "generated" })(), arrayBuffer }),
          buffer: () => ({ status: 201, headers: headers(cookies), arrayBuffer: whole }),
          hidden: () => ({ status: 201, headers: headers(cookies), body: { odd: true }, arrayBuffer: whole }),
          empty: () => ({ status: 201, headers: headers(cookies), body: null, arrayBuffer }),
          fetched: () => ({ status: 201, url: "http://x/", headers: headers(cookies, []), body: new Blob(["decoded"]).stream(), arrayBuffer }),
          used: () => ({ status: 201, headers: headers(cookies), bodyUsed: true, body: null, arrayBuffer }),
          zero: () => ({ status: 0, headers: headers(cookies), body: null, arrayBuffer }),
          fails: () => ({ status: 201, headers: headers(cookies), arrayBuffer: async () => { throw new Error("no bytes") } }),
          inherits: () => Object.create(Response.prototype, { status: { value: 201 }, headers: { value: headers(cookies) }, body: { value: null }, bodyUsed: { value: false }, arrayBuffer: { value: whole } }),
        };
        exports.default = { fetch: (request) => makes[new URL(request.url).pathname.slice(1)]() }`,
      broken: `throw new Error("at load")`,
      neither: `exports.other = 1`,
      requires: `const { join } = require("node:path"); exports.default = { async fetch() { const os = await import("node:os"); return new Response(join("a", "b") + typeof os.platform) } }`,
      missing: `require("left-pad")`,
      waits: `exports.default = { fetch(request, env, ctx) { ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 20)).then(() => console.log("waited"))); return new Response("early") } }`,
      abort: `exports.default = { fetch: (request) => new Promise((resolve, reject) => { console.log("begun"); request.signal.addEventListener("abort", () => { console.log("aborted " + request.signal.reason.name); reject(request.signal.reason) }) }) }`,
      endless: `exports.default = { fetch() { let sent = 0; return new Response(new ReadableStream({ pull(c) { sent++; c.enqueue(new Uint8Array(10000)) }, cancel() { console.log("cancelled after " + sent) } })) } }`,
    },
    { env: { GREETING: "hi" } },
  );
});
after(() => agent.kill());

test("a fetch function answers with a status, headers and text", async () => {
  const reply = await agent.call({ url: "http://localhost/x/y" });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers["content-type"], "text/plain;charset=UTF-8");
  assert.equal(reply.text, "hello /x/y");
});

for (const [make, text] of Object.entries({
  web: "web",
  node: "node",
  generator: "generated",
  buffer: "whole",
  hidden: "whole",
  empty: "",
  fetched: "decoded",
  inherits: "",
}))
  test(`a Response of another implementation (${make}) is sent, with each cookie in a header of its own`, async () => {
    const reply = await agent.call({ function: "foreign", url: `http://localhost/${make}` });
    assert.deepEqual([reply.status, reply.text, reply.reset], [201, text, null]);
    assert.deepEqual(reply.headers, { "x-a": "1", "set-cookie": ["a=1", "b=2"] });
  });

test("an object whose body was used, that has no status, or whose getters throw is not a response", async () => {
  const resets = await Promise.all(
    ["used", "zero", "fails"].map((make) => agent.call({ function: "foreign", url: `http://localhost/${make}` })),
  );
  assert.deepEqual(
    resets.map(({ reset }) => reset?.code),
    [ResetCode.BadResponse, ResetCode.BadResponse, ResetCode.FunctionThrew],
  );
});

test("a fetch function reads the request's body and headers", async () => {
  const reply = await agent.call({ function: "echo", method: "POST", headers: ["Content-Type", "text/x"], body: "söme text" });
  assert.equal(reply.status, 201);
  assert.equal(reply.headers["x-method"], "POST");
  assert.equal(reply.headers["x-type"], "text/x");
  assert.equal(reply.text, "söme text");
});

test("a large body streams through, both ways, under credit", async () => {
  const body = Buffer.alloc(3_000_000, "0123456789");
  const reply = await agent.call({ function: "stream", method: "POST", body });
  assert.ok(reply.body.equals(body));
});

test("a large text is sent as the host grants credit", async () => {
  const reply = await agent.call({ function: "big" });
  assert.equal(reply.text.length, 1_000_000);
});

test("a reply of known length has a content-length, however long it is, and one that streams has none", async () => {
  for (const [name, length] of [
    ["big", "1000000"],
    ["bytes", "65537"],
    ["own", "65537"],
    ["stream", undefined],
  ] as const) {
    const body = Buffer.alloc(70_000);
    const reply = await agent.call(name === "stream" ? { function: name, method: "POST", body } : { function: name });
    assert.equal(reply.headers["content-length"], length, name);
  }
});

test("the app's variables are in env and in process.env, the host's are not", async () => {
  const { env, own, host, id, ms } = JSON.parse((await agent.call({ function: "env" })).text);
  assert.deepEqual({ env, own, host }, { env: { GREETING: "hi" }, own: "hi", host: null });
  assert.match(id, /^id-/);
  assert.ok(ms > 0 && ms <= 5_000);
});

for (const [name, message] of [
  ["throws", "boom"],
  ["rejects", "later boom"],
] as const) {
  test(`a handler that ${name} resets with function-threw, its stack in the log before`, async () => {
    const reply = await agent.call({ function: name });
    assert.deepEqual(reply.reset, { code: ResetCode.FunctionThrew, message: `Error: ${message}` });
    const line = agent.logs.find(({ text }) => text.includes(`Error: ${message}\n`));
    assert.ok(line);
    assert.equal(line.stream, reply.stream);
    assert.match(line.text, /at .*\/app\/.*\.cjs:1/);
  });
}

test("a handler that returns nothing resets with bad-response", async () => {
  const { reset } = await agent.call({ function: "nothing" });
  assert.equal(reset?.code, ResetCode.BadResponse);
});

test("code that throws while it is loaded resets with function-load-failed, every time", async () => {
  for (let time = 0; time < 2; time++) {
    const { reset } = await agent.call({ function: "broken" });
    assert.deepEqual(reset, { code: ResetCode.FunctionLoadFailed, message: "Error: at load" });
  }
  assert.match((await agent.call({ function: "neither" })).reset!.message, /neither a default export/);
  assert.match((await agent.call({ function: "missing" })).reset!.message, /left-pad/);
});

test("an unknown function resets with function-not-found", async () => {
  const { reset } = await agent.call({ function: "unknown" });
  assert.equal(reset?.code, ResetCode.FunctionNotFound);
});

test("Node's own modules can be required and imported", async () => {
  assert.equal((await agent.call({ function: "requires" })).text, "a/bfunction");
});

test("waitUntil keeps the invocation open after its reply", async () => {
  const reply = await agent.call({ function: "waits" });
  assert.equal(reply.text, "early");
  assert.equal((await agent.logged("waited")).stream, reply.stream);
});

test("the host's Reset aborts the request's signal, and the invocation closes once it has settled", async () => {
  let stream = 0;
  const closed = new Promise<void>((resolve) => {
    const request = agent.open({ closed: () => resolve() }, { function: "abort" });
    stream = request.stream;
    void agent.logged("begun").then(() => request.reset(ResetCode.Cancelled, ""));
  });
  await closed;
  const line = await agent.logged("aborted");
  assert.deepEqual([line.text, line.stream], ["aborted AbortError", stream]);
});

test("an endless stream waits for credit, and is cancelled when its caller goes away", async () => {
  await new Promise<void>((resolve) => {
    const request = agent.open(
      { data: () => setTimeout(() => request.reset(ResetCode.Cancelled, ""), 50), closed: () => resolve() },
      { function: "endless" },
    );
  });
  const sent = Number(/\d+/.exec((await agent.logged("cancelled after")).text)![0]);
  assert.ok(sent < 12, `${sent} chunks of 10,000 bytes were taken from the stream for 65,536 bytes of credit`);
});

test("a second Bind is refused", async () => {
  await assert.rejects(agent.bind({ main: "" }), (error: Error) => /bound already/.test((error.cause as Error).message));
});
