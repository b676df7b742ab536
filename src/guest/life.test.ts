import assert from "node:assert/strict";
import { test } from "node:test";
import { LogLevel, ResetCode, WARM_FUNCTION } from "../wire/protocol.ts";
import { startAgentProcess } from "./testing/running-agent.ts";

test("Ready has the protocol's version, Node's version and the kernel", async () => {
  const agent = await startAgentProcess();
  const { protocol, node, kernel } = agent.ready;
  assert.deepEqual({ protocol, node, kernel }, { protocol: 3, node: process.versions.node, kernel: "host" });
  await agent.kill();
});

test("before Bind only mayfly:warm is answered, every turn of it with success; after Bind only the app", async () => {
  const agent = await startAgentProcess();
  for (let turn = 0; turn < 20; turn++) {
    const { status, reset } = await agent.call({ function: WARM_FUNCTION, method: turn % 2 ? "GET" : "POST", body: turn % 2 ? "" : "{}" });
    assert.deepEqual({ reset, success: status >= 200 && status < 300 }, { reset: null, success: true });
  }
  assert.deepEqual([...new Set(agent.logs.map(({ level }) => level))], [LogLevel.Debug]);
  assert.equal((await agent.call({ function: "main" })).reset?.code, ResetCode.FunctionNotFound);
  await agent.bind({ main: `exports.default = { fetch: () => new Response("own") }` });
  assert.equal((await agent.call({ function: WARM_FUNCTION })).reset?.code, ResetCode.FunctionNotFound);
  assert.equal((await agent.call()).text, "own");
  await agent.kill();
});

test("Ping is answered", async () => {
  const agent = await startAgentProcess();
  assert.ok((await agent.host.ping()) >= 0);
  await agent.kill();
});

test("a bound machine that is busy reports its load once a second", async () => {
  const agent = await startAgentProcess();
  await agent.bind({
    main: `exports.default = { async fetch() { await new Promise((resolve) => setTimeout(resolve, 1200)); return new Response() } }`,
  });
  await agent.call();
  const [figures] = agent.stats;
  assert.ok(figures);
  assert.equal(figures.inFlight, 1);
  assert.ok(figures.cpuMs > 0 && figures.heapUsedBytes > 0 && figures.rssBytes > 0);
  assert.ok(figures.loopUtilization >= 0 && figures.loopUtilization <= 1);
  await agent.kill();
});

test("an event loop that is blocked for longer than the interval of reports is reported as late, not as idle", async () => {
  const agent = await startAgentProcess();
  await agent.bind({
    main: `exports.default = { async fetch() {
      for (let turn = 0; turn < 3; turn++) {
        for (const until = performance.now() + 1500; performance.now() < until;);
        await new Promise(setImmediate);
      }
      return new Response();
    } }`,
  });
  await agent.call();
  const delays = agent.stats.map(({ loopDelayMeanMs }) => loopDelayMeanMs);
  assert.ok(delays.length >= 2 && Math.min(...delays) >= 300, String(delays));
  await agent.kill();
});

test("the agent ends when its channel does", async () => {
  const agent = await startAgentProcess();
  const ended = new Promise((resolve) => agent.child.once("exit", resolve));
  agent.child.stdio[3]!.destroy();
  assert.equal(await ended, 0);
});

test("a module that fails at its preload fails again at its first invocation; one with top-level await is imported", async () => {
  const agent = await startAgentProcess();
  await agent.bind({ main: `throw new Error("not loadable")` }, { preload: "main" });
  assert.equal((await agent.logged("not loadable")).stream, 0);
  assert.equal((await agent.call()).reset?.code, ResetCode.FunctionLoadFailed);
  await agent.kill();

  const other = await startAgentProcess();
  const code = `const text = await Promise.resolve("awaited"); export default { fetch: () => new Response(text) }`;
  const functions = [{ name: "main", format: "esm" as const, source: { type: "frames" as const, bytes: code.length }, handler: "handler" }];
  await other.bind({ main: code }, { functions, preload: "main" });
  assert.equal((await other.call()).text, "awaited");
  await other.kill();
});

test("performance.timeOrigin and now() sum to the wall clock, everywhere that Node shows them", async () => {
  const agent = await startAgentProcess();
  await agent.bind({
    main: `const hooks = process.getBuiltinModule("node:perf_hooks"), { Worker } = process.getBuiltinModule("node:worker_threads");
      const inWorker = () => new Promise((resolve, reject) => new Worker(
        "require('node:worker_threads').parentPort.postMessage(performance.timeOrigin + performance.now() - Date.now())", { eval: true })
        .on("message", resolve).on("error", reject));
      exports.default = { async fetch() {
        const entry = performance.mark("here");
        return Response.json({
          global: performance.timeOrigin + performance.now() - Date.now(),
          imported: hooks.performance.timeOrigin + hooks.performance.now() - Date.now(),
          json: performance.toJSON().timeOrigin + performance.now() - Date.now(),
          event: performance.timeOrigin + new Event("x").timeStamp - Date.now(),
          mark: performance.timeOrigin + entry.startTime - Date.now(),
          worker: await inWorker(),
        });
      } }`,
  });
  for (const text of [(await agent.call()).text, (await agent.call()).text])
    for (const [where, difference] of Object.entries(JSON.parse(text) as Record<string, number>))
      assert.ok(Math.abs(difference) < 500, `${where}: ${difference} ms`);
  await agent.kill();
});

test("equal agents given different entropy draw different random numbers from every source", async () => {
  const draw = `const c = process.getBuiltinModule("node:crypto"); exports.default = { fetch: () => Response.json([Math.random(), c.randomUUID(), crypto.randomUUID(), c.randomBytes(16).toString("hex"), c.randomInt(2 ** 40), [...crypto.getRandomValues(new Uint8Array(8))].join()]) }`;
  const seen = new Set<unknown>();
  for (const entropy of ["one", "two"]) {
    const agent = await startAgentProcess({ entropy: Buffer.alloc(64, entropy) });
    await agent.bind({ main: draw });
    for (const value of JSON.parse((await agent.call()).text)) seen.add(value);
    await agent.kill();
  }
  assert.equal(seen.size, 12);
});
