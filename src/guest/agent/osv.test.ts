/** Keeps the agent able to run on OSv. The tests check what it imports, and run a whole life under Linux without the features that OSv lacks. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { bundleAgent } from "../../images/agent-bundle.ts";
import { type RunningAgent, startAgentProcess } from "../testing/running-agent.ts";
import { startLikeOsv } from "../testing/start-like-osv.ts";

/**
 * Modules known to work on OSv for what the agent does with them. None starts a process or a thread, or opens anything but TCP and UDP over
 * IPv4. Of child_process only the names are taken, to capture what apps start. node:events, node:http, node:http2 and node:tls are used for mounts, for programs beside the agent
 * and for an authority of the host's, which OSv does not have; they need nothing that OSv lacks.
 * node:inspector and node:worker_threads are loaded only where a debugger is to reach the machine, which is one of the drivers `process` and `gvisor`.
 */
const allowed = new Set(
  "async_hooks buffer child_process console crypto dgram dns events ffi fs http http2 inspector module net os path perf_hooks stream string_decoder timers tls url util v8 vm worker_threads"
    .split(" ")
    .map((name) => `node:${name}`),
);
const dayMs = 86_400_000;
const scratch = mkdtempSync(join(tmpdir(), "mayfly-like-osv-"));
const bundle = join(scratch, "agent.mjs");
let text: string;
let agent: RunningAgent;

before(async () => {
  text = (await bundleAgent()).toString();
  writeFileSync(bundle, text);
  const start = (taskRoot: string) => startLikeOsv(bundle, taskRoot);
  agent = await startAgentProcess({ start, egress: { connect: dialOut, resolve: async () => [{ address: "192.0.2.7", family: 4 }] } });
  await agent.bind(
    {
      now: `exports.default = { fetch: () => Response.json({
        called: Date.now(), made: +new Date(), text: Date.parse(Date()), instant: Temporal.Now.instant().epochMilliseconds,
        plain: Temporal.Now.plainDateTimeISO("UTC").toString(), fine: performance.timeOrigin + performance.now(), parsed: +new Date("2001-02-03T04:05:06Z"), isDate: new Date() instanceof Date }) };`,
      random: `exports.default = { fetch: () => Response.json([Math.random(), crypto.randomUUID(), require("crypto").randomBytes(8).toString("hex")]) };`,
      out: `exports.default = { fetch: () => fetch("http://example.test:" + 80 + "/").then(async (reply) => new Response(await reply.text())) };`,
      module: `exports.default = { async fetch() {
        require("fs").writeFileSync("${scratch}/m.mjs", "export default 7");
        return new Response(String((await import("${scratch}/m.mjs")).default)); } };`,
      machine: `exports.default = { fetch: () => Response.json({ home: process.env.HOME, mayfly: Object.keys(process.env).filter((n) => n.startsWith("MAYFLY_GUEST")), cpus: require("os").cpus().length }) };`,
      exit: `exports.default = { fetch: () => process.exit(0) };`,
    },
    { egress: true },
  );
});
after(async () => {
  await agent.kill();
  rmSync(scratch, { recursive: true });
});

async function dialOut() {
  const server = createServer((socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\noutside")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.once("close", () => server.close());
  return socket;
}

async function json(name: string): Promise<Record<string, unknown>> {
  const { text, reset } = await agent.call({ function: name });
  assert.equal(reset, null);
  return JSON.parse(text) as Record<string, unknown>;
}

test("the agent imports nothing that needs a second process, a Unix socket or another thread", () => {
  const imported = [...text.matchAll(/(?:from|import|require\(|getBuiltinModule\(|createRequire\()\s*["']([^"']+)["']/g)].map(
    ([, name]) => name!,
  );
  assert.ok(imported.length > 20);
  for (const name of imported) assert.ok(allowed.has(name), name);
});

test("an agent without processes, Unix sockets, IPv6, /proc figures or HOME starts and reports OSv", async () => {
  assert.equal(agent.ready.kernel, "osv");
  assert.deepEqual(await json("machine"), { mayfly: [], cpus: 0 });
});

test("the agent on OSv loads modules, and reaches the network over its channel", async () => {
  assert.equal((await agent.call({ function: "module" })).text, "7");
  assert.equal((await agent.call({ function: "out" })).text, "outside");
});

test("after every resume the agent's clock is the host's, although the kernel's cannot be set", async () => {
  for (const ahead of [40 * dayMs, -3 * dayMs, 0.5]) {
    const sent = Date.now() + ahead;
    await agent.host.resume(sent, Buffer.alloc(64, "x"), "m-test", false);
    const { called, made, text, instant, plain, fine, parsed, isDate } = await json("now");
    const latest = Date.now() + ahead + 1;
    for (const [way, value] of Object.entries({ called, made, instant, fine, plain: Date.parse(`${String(plain)}Z`) })) {
      assert.ok(Number(value) >= Math.floor(sent) && Number(value) <= latest, `${way}: ${Number(value) - sent} ms after it was set`);
    }
    // The text has the time only to the second.
    assert.ok(Math.abs(Number(text) - sent) < latest - sent + 1_000);
    assert.deepEqual([parsed, isDate], [981_173_106_000, true]);
  }
});

test("the host's entropy changes what Math.random draws", async () => {
  const draws = new Set<string>();
  for (const entropy of ["a", "b", "c"]) {
    await agent.host.resume(Date.now(), Buffer.alloc(64, entropy), "m-test", false);
    for (const value of Object.values(await json("random"))) draws.add(String(value));
  }
  assert.equal(draws.size, 9);
});

test("the memory that the agent reports is no more than there is", async () => {
  while (agent.stats.length === 0) await agent.call({ function: "machine" });
  assert.ok(agent.stats.every(({ rssBytes }) => rssBytes > 0 && rssBytes < 2 ** 45));
});

test("when the app ends the process, the process exits without a signal", async () => {
  void agent.call({ function: "exit" });
  await agent.dead;
  const { child } = agent;
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once("exit", resolve));
  assert.deepEqual([child.exitCode, child.signalCode], [0, null]);
});
