/**
 * The dispatcher and the fleet with real agents: bare processes, and the wire between. The file is long because all tests use one
 * dispatcher, which is set up once.
 */
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Version } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { systemClock } from "../base/clock/clock.ts";
import { ensureAgent } from "../images/agent-bundle.ts";
import type { Driver } from "../machines/driver.ts";
import { createFleet } from "../fleet/create-fleet.ts";
import { nodeProgram } from "../machines/process/agent-program.ts";
import { createProcessDriver } from "../machines/process/process-driver.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy, type PackingOptions } from "../policy/packing.ts";
import type { ServedInvocation } from "../store/ledger/accounts.ts";
import { keepAccounts } from "../store/ledger/keep-accounts.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { LiveDispatcher, LogLine } from "./live-dispatcher.ts";
import { recordPolicy } from "./recorder.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { replay } from "./replay.ts";
import { call } from "./testing/caller.ts";
import { serve, versionOf } from "./testing/version.ts";
import type { UsageEntry } from "../store/ledger/usage.ts";
import { until } from "../base/clock/until.ts";
import { usualChoice } from "../base/kind/machine-kind.ts";

const CODE = `
let calls = 0;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const acts = {
  hello: async () => new Response("hello " + ++calls),
  wait: async (url) => { await sleep(Number(url.searchParams.get("ms"))); return new Response("waited"); },
  echo: async (url, request) => new Response(await request.text()),
  obey: (url, request) => new Promise((resolve) => request.signal.addEventListener("abort", () => { console.log("aborted"); resolve(new Response("late")); })),
  stubborn: () => new Promise(() => {}),
  load: () => { for (const end = Date.now() + 1_500; Date.now() < end; ); return new Response("loaded"); },
  spin: () => { console.log("spinning"); for (;;); },
  die: () => process.kill(process.pid, "SIGKILL"),
  throw: () => { throw new Error("boom"); },
  say: async (url) => { console.log("said by " + url.searchParams.get("who")); return new Response("ok"); },
  version: async () => new Response(process.env.VERSION),
};
module.exports = { default: { fetch(request) { const url = new URL(request.url); return acts[url.pathname.slice(1)](url, request); } } };
`;

const OPTIONS: PackingOptions = { ...roomyHost, blanks: 1, idleMs: 60_000, maxMachines: 24 };

describe("a dispatcher with real agents", () => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-dispatcher-"));
  const logs: LogLine[] = [];
  const usage: UsageEntry[] = [];
  const served: ServedInvocation[] = [];
  let driver: Driver;
  let dispatcher: LiveDispatcher;
  let endRecording: () => Promise<void>;

  before(async () => {
    driver = createProcessDriver({
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
      secrets: ({ manifest }) => {
        if (manifest.env["SECRET"] === "missing") throw new Error("there is no such secret");
        return {};
      },
      egress: () => null,
      usage: { record: (entry) => usage.push(entry) },
      report: () => {},
      sampleMs: 100,
    });
    const log = { append: (line: LogLine) => void logs.push(line) };
    const events = new EventStream(systemClock, (error) => assert.fail(String(error)));
    endRecording = await recordPolicy(events, OPTIONS, join(folder, "record.jsonl"));
    keepAccounts({ served: (invocation) => void served.push(invocation) }, events);
    dispatcher = createDispatcher({
      policy: bindPolicy(createPackingPolicy(OPTIONS)),
      fleet,
      clock: systemClock,
      bootId,
      logs: log,
      events,
      graceMs: 300,
      pingMs: 500,
      loadMs: 60_000,
    });
  });

  after(async () => {
    await dispatcher.close(0);
    await driver.close();
    rmSync(folder, { recursive: true });
  });

  function deploy(app: string, manifest: Partial<Manifest> = {}, id = "v1"): Version {
    const version = versionOf(app, id, { env: { VERSION: id }, ...manifest });
    serve(dispatcher, version);
    return version;
  }

  function get(app: string, path: string, more: object = {}) {
    return call(dispatcher, { app, url: `http://test/${path}`, ...more });
  }

  function machinesOf(app: string) {
    return dispatcher.machines().filter((machine) => machine.app === app);
  }

  async function logged(pattern: RegExp): Promise<LogLine> {
    for (let tries = 0; ; tries++) {
      const line = logs.find(({ text }) => pattern.test(text));
      if (line !== undefined) return line;
      assert.ok(tries < 1_000, `no line ${pattern} among ${JSON.stringify(logs.map(({ text }) => text))}`);
      await sleep(10);
    }
  }

  test("the first call waits for a machine, the next ones find it ready, and the timing says so", async () => {
    deploy("hello", { concurrency: 100, minMachines: 1 });
    const first = await get("hello", "hello").over;
    assert.equal(first.body, "hello 1");
    assert.ok((first.timing?.start ?? 0) + (first.timing?.bind ?? 0) > 0);
    const second = await get("hello", "hello").over;
    assert.equal(second.body, "hello 2");
    assert.equal((second.timing?.start ?? 1) + (second.timing?.bind ?? 1), 0);
    const [machine] = machinesOf("hello");
    assert.equal(machine?.phase, "bound");
    assert.equal(machine.slots, 100);
    assert.equal(machine.inFlight, 0);
  });

  test("a hundred first calls at once are all answered", async () => {
    deploy("burst", { concurrency: 40 });
    const calls = await Promise.all(Array.from({ length: 100 }, () => get("burst", "wait?ms=20").over));
    for (const { body } of calls) assert.equal(body, "waited");
    assert.equal(new Set(calls.map(({ handle }) => handle?.id)).size, 100);
  });

  test("a call of an unknown app is refused, and so are more calls than the queue holds", async () => {
    assert.equal((await get("nobody", "hello").over).failure?.code, "no-such-app");
    deploy("small", { concurrency: 1, minMachines: 1, maxMachines: 1, queue: 1 });
    await get("small", "hello").over;
    const calls = await Promise.all(["wait?ms=50", "hello", "hello"].map((path) => get("small", path).over));
    assert.deepEqual(
      calls.map(({ failure }) => failure?.code),
      [undefined, undefined, "queue-full"],
    );
  });

  test("a request body that streams arrives whole, also while it waits for a machine", async () => {
    deploy("echo");
    const text = "0123456789".repeat(50_000);
    const caller = get("echo", "echo", { method: "POST", body: "stream" });
    for (let at = 0; at < text.length; at += 10_000) {
      const before = caller.drains;
      if (caller.handle?.write(Buffer.from(text.slice(at, at + 10_000))) === true) continue;
      while (caller.drains === before) await sleep(1);
    }
    caller.handle?.end();
    assert.equal((await caller.over).body, text);
  });

  test("a caller who goes away aborts the handler, and the slot is free again", async () => {
    deploy("abort", { concurrency: 1, maxMachines: 1 });
    await get("abort", "hello").over;
    const caller = get("abort", "obey");
    await sleep(50);
    caller.abort();
    await logged(/^aborted/);
    assert.equal((await get("abort", "hello").over).body, "hello 2");
  });

  test("a call over its time fails at once; the handler's slot is free when it settles", async () => {
    deploy("late", { concurrency: 1, minMachines: 1, maxMachines: 1 });
    await get("late", "hello").over;
    const late = await get("late", "wait?ms=250", { timeoutMs: 50 }).over;
    assert.equal(late.failure?.code, "function-timeout");
    assert.equal((await get("late", "hello").over).body, "hello 2");
  });

  test("a call that finds no slot in time fails with queue-timeout", async () => {
    deploy("full", { concurrency: 1, minMachines: 1, maxMachines: 1 });
    await get("full", "hello").over;
    const busy = get("full", "wait?ms=400");
    assert.equal((await get("full", "hello", { timeoutMs: 50 }).over).failure?.code, "queue-timeout");
    assert.equal((await busy.over).body, "waited");
  });

  test("a machine whose handler never ends gets no new calls, but the other calls on it are answered", async () => {
    deploy("stubborn", { minMachines: 1 });
    await get("stubborn", "hello").over;
    const neighbour = get("stubborn", "wait?ms=900");
    const stuck = await get("stubborn", "stubborn", { timeoutMs: 50 }).over;
    assert.equal(stuck.failure?.code, "function-timeout");
    const line = await logged(/main still runs 300 ms after its time/);
    assert.equal(line.invocation, stuck.handle?.id);
    assert.equal((await get("stubborn", "hello").over).body, "hello 1", "new work goes to a new machine");
    assert.equal((await neighbour.over).body, "waited");
  });

  test("a blocked event loop gets its machine killed, and the log says why", async () => {
    deploy("spin", { minMachines: 1 });
    await get("spin", "hello").over;
    const spinning = await get("spin", "spin", { timeoutMs: 100 }).over;
    assert.equal(spinning.failure?.code, "function-timeout");
    const neighbour = await get("spin", "hello").over;
    assert.equal(neighbour.failure?.code, "machine-died");
    assert.match(String(neighbour.failure?.details["reason"]), /function main has blocked the event loop for [\d.]+ s/);
    assert.equal((await logged(/unresponsive: function main has blocked .* its machine holds \d+ MB of its \d+ MB/)).app, "spin");
    assert.equal((await get("spin", "hello").over).body, "hello 1");
  });

  test("a function that takes longer to load than its calls may last comes up all the same", async () => {
    deploy("slow", { minMachines: 1, maxMachines: 1 });
    await until(() => machinesOf("slow")[0]?.phase === "bound");
    assert.equal((await get("slow", "load", { timeoutMs: 100 }).over).failure?.code, "function-timeout");
    assert.equal((await get("slow", "hello").over).body, "hello 1");
    assert.deepEqual(
      logs.filter(({ app, text }) => app === "slow" && /ended/.test(text)),
      [],
    );
  });

  test("a machine that dies fails what it ran, with the reason but not its output, and the next call gets another", async () => {
    deploy("die");
    await get("die", "hello").over;
    const dead = await get("die", "die").over;
    assert.equal(dead.failure?.code, "machine-died");
    assert.match(String(dead.failure?.details["reason"]), /^it ended by itself: the agent ended with code 1$/);
    assert.equal((await logged(/Machine ended: it ended by itself: .*; last output: mayfly agent: the app called/)).app, "die");
    assert.equal((await get("die", "hello").over).body, "hello 1");
  });

  test("a handler that throws fails its own call only", async () => {
    deploy("throw");
    assert.equal((await get("throw", "throw").over).failure?.code, "function-threw");
    assert.equal((await get("throw", "hello").over).body, "hello 1");
  });

  test("log lines carry the invocation that wrote them", async () => {
    deploy("say");
    const callers = ["ada", "bob"].map((who) => get("say", `say?who=${who}`));
    for (const [i, who] of ["ada", "bob"].entries()) {
      const line = await logged(new RegExp(`said by ${who}`));
      assert.equal(line.invocation, callers[i]?.handle?.id);
      assert.equal(line.function, "main");
      assert.equal(line.app, "say");
    }
  });

  test("a new revision takes over without a failure", async () => {
    deploy("change", { maxMachines: 2 }, "v1");
    const callers = [get("change", "version")];
    await callers[0]?.over;
    const slow = get("change", "wait?ms=300");
    deploy("change", { maxMachines: 2 }, "v2");
    assert.deepEqual(
      machinesOf("change").map(({ revision, phase }) => [revision, phase]),
      [["change-v1", "draining"]],
    );
    for (let i = 0; i < 20; i++) callers.push(get("change", "version"));
    const bodies = (await Promise.all(callers.map(({ over }) => over))).map(({ body }) => body);
    assert.deepEqual(bodies, ["v1", ...Array.from({ length: 20 }, () => "v2")]);
    assert.equal((await slow.over).body, "waited");
  });

  test("removing an app fails the calls that it ran, and its machines are killed", async () => {
    deploy("gone");
    await get("gone", "hello").over;
    const running = get("gone", "wait?ms=5000");
    await sleep(50);
    dispatcher.removeApp("gone");
    assert.equal((await running.over).failure?.code, "machine-died");
    assert.deepEqual(machinesOf("gone"), []);
    assert.equal((await get("gone", "hello").over).failure?.code, "no-such-app");
  });

  test("if binds fail again and again, the callers are told so, with the reason", async () => {
    deploy("unbound", { env: { SECRET: "missing" } });
    const { failure } = await get("unbound", "hello").over;
    assert.equal(failure?.code, "machine-start-failed");
    assert.equal(failure.details["reason"], "there is no such secret");
    assert.equal((await logged(/Machine ended: there is no such secret/)).app, "unbound");
    assert.ok((await logged(/No machine could be started: there is no such secret/)).invocation, "and beside the invocation's id");
  });

  test("usage is measured: an app's includes the CPU of its machines' starts, and the rest is the platform's", async () => {
    deploy("measured");
    await get("measured", "hello").over;
    await sleep(250);
    const own = usage.filter(({ app }) => app === "measured");
    assert.deepEqual([...new Set(own.map(({ kind }) => kind))], ["start", "bind", "run"]);
    assert.ok(own.every(({ cpuUs }) => cpuUs >= 0));
    const [machine] = machinesOf("measured");
    const others = usage.filter((entry) => entry.machine === machine?.name && entry.app === null);
    assert.ok(others.some(({ byteSeconds }) => byteSeconds > 0));
    assert.equal(
      others.reduce((total, { cpuUs }) => total + cpuUs, 0),
      0,
    );
    assert.deepEqual(
      served.filter(({ app }) => app === "measured").map(({ function: name, machine: on }) => [name, on]),
      [["main", machine?.name]],
    );
  });

  test("at close running calls may finish, waiting ones are refused, nothing is left, and the recording replays", async () => {
    deploy("end", { concurrency: 1, maxMachines: 1 });
    await get("end", "hello").over;
    const running = get("end", "wait?ms=200");
    const waiting = get("end", "hello");
    const closed = dispatcher.close(5_000);
    assert.equal((await waiting.over).failure?.code, "shutting-down");
    assert.equal((await running.over).body, "waited");
    assert.equal((await get("end", "hello").over).failure?.code, "shutting-down");
    await closed;
    assert.deepEqual(dispatcher.machines(), []);
    await endRecording();
    const { events, differences } = await replay(join(folder, "record.jsonl"), createPackingPolicy);
    assert.deepEqual(differences, []);
    assert.ok(events > 200);
  });
});
