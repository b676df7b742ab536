/** Connections that go on with another protocol: what ends them, and when. With real agents, in bare processes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock } from "../base/clock/clock.ts";
import { until } from "../base/clock/until.ts";
import { usualChoice } from "../base/kind/machine-kind.ts";
import { afterwards } from "../base/testing/afterwards.ts";
import { createFleet } from "../fleet/create-fleet.ts";
import { ensureAgent } from "../images/agent-bundle.ts";
import { nodeProgram } from "../machines/process/agent-program.ts";
import { createProcessDriver } from "../machines/process/process-driver.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy, type PackingOptions } from "../policy/packing.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import type { InvocationEnded } from "../telemetry/platform-event.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { InvocationRequest } from "./invocation.ts";
import type { LiveDispatcher } from "./live-dispatcher.ts";
import { call, Caller } from "./testing/caller.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { serve, versionOf } from "./testing/version.ts";

const CODE = `
const agree = "HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n";
const acts = {
  "/echo": (socket) => { socket.write(agree + "hello "); socket.pipe(socket); },
  "/silent": () => {},
  "/stubborn": (socket) => { socket.write(agree + "hello "); socket.destroy = () => {}; },
};
module.exports = { default: { fetch: () => new Response("plain"), upgrade: (request, socket) => acts[request.url](socket) } };
`;
const OPTIONS: PackingOptions = { ...roomyHost, blanks: 1, idleMs: 60_000, maxMachines: 8 };

async function open(t: TestContext, { drainMs = 300, graceMs = 1_000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-connections-"));
  afterwards(t, () => rmSync(folder, { recursive: true, force: true }));
  const driver = createProcessDriver({
    program: async () => nodeProgram(await ensureAgent(join(folder, "cache"))),
    runDir: join(folder, "run"),
  });
  await driver.prepare(() => {}, usualChoice);
  const bootId = Date.now().toString(36);
  const fleet = createFleet({
    driver,
    clock: systemClock,
    bootId,
    code: () => ({ functions: [{ function: "main", format: "cjs", bytes: Buffer.byteLength(CODE) }], parts: () => [Buffer.from(CODE)] }),
    secrets: () => ({}),
    egress: () => null,
    usage: { record: () => {} },
    report: () => {},
    sampleMs: 100,
  });
  const events = new EventStream(systemClock, () => undefined);
  const ended: InvocationEnded[] = [];
  events.listen({ "invocation-ended": (event) => void ended.push(event) });
  const dispatcher = createDispatcher({
    policy: bindPolicy(createPackingPolicy(OPTIONS)),
    fleet,
    clock: systemClock,
    bootId,
    logs: { append: () => {} },
    events,
    drainMs,
    graceMs,
    pingMs: 500,
  });
  afterwards(t, async () => {
    await dispatcher.close(0);
    await driver.close();
  });
  serve(dispatcher, versionOf("app", "v1"));
  return { dispatcher, ended };
}

function connect(dispatcher: LiveDispatcher, path: string, more: Partial<InvocationRequest> = {}): Caller {
  const caller = new Caller();
  const trace = { traceparent: "", tracestate: "" };
  const input = { kind: "upgrade" as const, protocol: "websocket" as const, method: "GET", url: `http://test${path}`, headers: [] };
  const usual = { app: "app", appName: "app", function: "main", timeoutMs: 60_000, attempt: 1, trace, body: "stream" as const };
  caller.handle = dispatcher.dispatch({ ...usual, input, ...more }, caller);
  return caller;
}

test("a connection carries bytes, holds a slot of its machine, and is one invocation until both sides have ended", async (t) => {
  const { dispatcher, ended } = await open(t);
  const caller = connect(dispatcher, "/echo", { timeoutMs: 60_000 });
  await caller.headed;
  assert.equal(caller.status, 101);
  caller.handle!.write(Buffer.from("one"));
  await until(() => caller.body === "hello one");
  assert.equal(dispatcher.machines().find(({ app }) => app === "app")?.inFlight, 1);
  assert.deepEqual(dispatcher.inFlight(), [["app", 1]]);
  assert.equal((await call(dispatcher, { app: "app" }).over).body, "plain");
  caller.handle!.end();
  await caller.over;
  await until(() => ended.length === 2);
  assert.deepEqual([ended[1]!.outcome, ended[1]!.status, ended[1]!.requestBytes, ended[1]!.replyBytes], ["replied", 101, 3, 9]);
});

test("the time of a connection begins when the function has agreed, which has a time of its own", async (t) => {
  const { dispatcher, ended } = await open(t);
  await call(dispatcher, { app: "app" }).over;
  const silent = connect(dispatcher, "/silent", { timeoutMs: 200, connectionMs: 60_000 });
  assert.equal((await silent.over).failure?.code, "function-timeout");
  const short = connect(dispatcher, "/echo", { timeoutMs: 60_000, connectionMs: 200 });
  await short.over;
  assert.deepEqual([short.status, short.failure?.code, short.failure?.details["ms"]], [101, "connection-expired", 200]);
  const long = connect(dispatcher, "/echo", { timeoutMs: 300, connectionMs: 60_000 });
  await long.headed;
  await new Promise((resolve) => setTimeout(resolve, 600));
  long.handle!.write(Buffer.from("still here"));
  await until(() => long.body === "hello still here");
  await until(() => ended.some(({ outcome, status }) => outcome === "replied" && status === 101));
});

test("connections at a machine that gets no new work end one after the other, and it ends with them", async (t) => {
  const { dispatcher } = await open(t);
  const callers = [1, 2, 3].map(() => connect(dispatcher, "/echo"));
  for (const each of callers) await each.headed;
  serve(dispatcher, versionOf("app", "v2"));
  for (const each of callers) assert.equal((await each.over).failure?.code, "connection-drained");
  await until(() => dispatcher.machines().every(({ app, revisionNumber }) => app !== "app" || revisionNumber !== 1));
  const next = connect(dispatcher, "/echo");
  await next.headed;
  assert.equal(next.status, 101);
});

test("connections end when the server stops, before its time of grace is over", async (t) => {
  const { dispatcher } = await open(t);
  const callers = [connect(dispatcher, "/echo"), connect(dispatcher, "/echo")];
  for (const each of callers) await each.headed;
  const cutOff = await dispatcher.close(2_000);
  for (const each of callers) assert.equal((await each.over).failure?.code, "shutting-down");
  assert.equal(cutOff, 0);
});

test("code that keeps its connection after the end loses its machine, in time", async (t) => {
  const { dispatcher } = await open(t, { graceMs: 200 });
  const caller = connect(dispatcher, "/stubborn", { connectionMs: 100 });
  await caller.over;
  await until(() => dispatcher.machines().every(({ app }) => app !== "app"));
});
