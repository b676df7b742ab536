/** What user code may choose and what then is put into a frame: however odd it is, it costs at most the invocation, and never the machine. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type RunningAgent, startAgentProcess } from "./testing/running-agent.ts";

let agent: RunningAgent;
let dead: string | undefined;

const main = `
exports.default = { async fetch(request) {
  const code = decodeURIComponent(new URL(request.url).search.slice(1));
  return eval("(async () => {" + code + "})()");
} }`;

before(async () => {
  agent = await startAgentProcess();
  void agent.dead.then((reason) => (dead = reason));
  await agent.bind({ main });
});
after(() => agent.kill());

async function run(code: string) {
  const reply = await agent.call({ url: `http://x/?${encodeURIComponent(code)}`, remainingMs: 60_000 });
  assert.equal(dead, undefined, code);
  return reply;
}

test("a reply whose head and body are both as large as can be arrives whole", async () => {
  for (const [head, body] of [
    [65_400, 65_536],
    [65_500, 65_533],
    [65_500, 65_532],
    [65_500, 65_537],
    [100, 65_536],
  ] as const) {
    const bytes = await run(`return new Response(new Uint8Array(${body}).fill(65), { headers: { x: "h".repeat(${head}) } })`);
    assert.equal(bytes.body.length, body);
    assert.equal(bytes.headers["x"]?.length, head);
    const text = await run(`return new Response("A".repeat(${body}), { headers: { "content-type": "", x: "h".repeat(${head} - 16) } })`);
    assert.equal(text.body.length, body);
  }
  const wide = await run(`return new Response("\\u20ac".repeat(21845), { headers: { x: "h".repeat(65000) } })`);
  assert.equal(wide.body.length, 3 * 21_845);
});

test("lines that come faster than they may be sent to the host are dropped and counted", async () => {
  const reply = await run(`for (let i = 0; i < 400000; i++) console.log("x"); return new Response("done")`);
  assert.equal(reply.text, "done");
  await agent.logged("Dropped ");
  assert.equal((await run(`return new Response("still here")`)).text, "still here");
});

test("errors that cannot be described fail their invocation all the same", async () => {
  for (const thrown of [
    `Object.assign(new Error(), { message: Symbol("m") })`,
    `Object.defineProperty(new Error("x"), "message", { get() { throw new Error("no") } })`,
    `Object.assign(new Error("x"), { name: Symbol("n") })`,
    `new Proxy({}, { get() { throw new Error("no") } })`,
    `Object.create(null)`,
    `undefined`,
    `Symbol("s")`,
    `new Error("y".repeat(200000))`,
    `new Error("\\ud800\\u0000\\n")`,
  ])
    assert.ok((await run(`throw ${thrown}`)).reset, thrown);
});

test("heads that HTTP cannot carry are refused, each for its invocation", async () => {
  for (const reply of [
    `new Response("x", { headers: { x: "h".repeat(70000) } })`,
    `new Response("x", { headers: Array.from({ length: 300 }, (_, i) => ["x" + i, "y"]) })`,
    `{ statusCode: 200 }`,
    `new Response("x").status`,
  ])
    assert.ok((await run(`return ${reply}`)).reset, reply);
});

test("replacing Node's own clocks and figures does not spoil reports", async () => {
  const code = `
    const memory = process.memoryUsage;
    process.memoryUsage = Object.assign(() => ({}), { rss: () => "much" });
    process.cpuUsage = () => ({ user: -1, system: NaN });
    const now = performance.now; performance.now = () => NaN;
    const { stringify } = JSON; JSON.stringify = () => { throw new Error("no JSON today") };
    await new Promise((done) => setTimeout(done, 2500));
    process.memoryUsage = memory; performance.now = now; JSON.stringify = stringify;
    return new Response("told")`;
  const before = agent.stats.length;
  assert.equal((await run(code)).text, "told");
  assert.ok(agent.stats.length > before);
});
