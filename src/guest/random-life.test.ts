import assert from "node:assert/strict";
import { test } from "node:test";
import { Random, seedOf } from "../base/testing/random.ts";
import { ResetCode } from "../wire/protocol.ts";
import { startAgentProcess } from "./testing/running-agent.ts";

const CALLS = 3_000;
const AT_ONCE = 40;

const functions = {
  text: `exports.default = { fetch: () => new Response("hello") }`,
  late: `exports.default = { async fetch(request, env, ctx) { ctx.waitUntil(new Promise((r) => setTimeout(r, 3))); await new Promise((r) => setTimeout(r, 1)); console.log("late"); return new Response("late") } }`,
  echo: `exports.default = { fetch: (request) => new Response(request.body) }`,
  read: `exports.default = { async fetch(request) { return new Response(await request.text()) } }`,
  unread: `exports.default = { fetch(request) { setTimeout(() => request.text().catch(() => {}), 1); return new Response("unread") } }`,
  big: `exports.default = { fetch: () => new Response(Buffer.alloc(300000)) }`,
  ticks: `exports.default = { fetch: () => new Response(new ReadableStream({ async pull(c) { await new Promise((r) => setTimeout(r, 1)); if (Math.random() < 0.2) c.close(); else c.enqueue(new Uint8Array(5000)) } })) }`,
  breaks: `exports.default = { fetch: () => new Response(new ReadableStream({ pull(c) { if (Math.random() < 0.3) throw new Error("broke"); c.enqueue(new Uint8Array(5000)) } })) }`,
  throws: `exports.default = { fetch(request, env, ctx) { ctx.waitUntil(Promise.reject(new Error("w"))); throw new Error("t") } }`,
  lost: `exports.default = { fetch: () => new Promise(() => setImmediate(() => { throw new Error("lost") })) }`,
  signal: `exports.default = { fetch: (request) => new Promise((resolve, reject) => { request.signal.onabort = () => reject(request.signal.reason); setTimeout(resolve, 5, new Response("not aborted")) }) }`,
  lambda: `exports.handler = async (event) => event.body ?? "none"`,
  streaming: `const { pipeline } = require("node:stream/promises"); const { Readable } = require("node:stream"); exports.handler = awslambda.streamifyResponse((event, stream) => pipeline(Readable.from(Array(20).fill("x".repeat(9000))), stream))`,
};

test(`${CALLS} calls of every kind, cut off at any moment, break neither the protocol nor the agent`, async (context) => {
  const seed = seedOf();
  context.diagnostic(`MAYFLY_SEED=${seed}`);
  const random = new Random(seed);
  const agent = await startAgentProcess();
  context.after(() => agent.kill());
  let died = "";
  void agent.dead.then((reason) => (died = reason));
  await agent.bind(functions);
  const names = Object.keys(functions);
  let begun = 0;
  let settled = 0;

  await new Promise<void>((resolve) => {
    void agent.dead.then(() => resolve());
    const next = () => {
      if (begun < CALLS) callAtRandom(names[begun++ % names.length]!);
      else if (settled === CALLS) resolve();
    };
    const callAtRandom = (name: string) => {
      const upload = ["echo", "read", "unread", "lambda"].includes(name);
      const cut = random.chance(0.3);
      const stream = agent.open(
        {
          head: (_status, _headers, body) => stream.consumed(body.length),
          data: (chunk) => stream.consumed(chunk.length),
          closed() {
            settled += 1;
            next();
          },
        },
        {
          function: name,
          method: upload ? "POST" : "GET",
          ...(upload ? { body: Buffer.alloc(random.below(100_000), "a") } : {}),
          ...(random.chance(0.3) ? { input: { kind: "event" } } : {}),
        },
        !upload,
      );
      if (cut) setTimeout(() => stream.reset(ResetCode.Cancelled, "cut"), random.next() * 6);
      if (upload) setTimeout(() => finish(), random.next() * 4);
      const finish = () => {
        stream.write(Buffer.alloc(random.below(100_000), "b"));
        stream.end();
      };
    };
    for (let at = 0; at < AT_ONCE; at++) next();
  });

  assert.equal(died, "");
  assert.equal(settled, CALLS);
  assert.equal((await agent.call({ function: "text" })).text, "hello");
});
