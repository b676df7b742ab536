/**
 * Calls that arrive at the very moment at which their machine is killed for idleness: each is answered, and runs once. A race is an arrival
 * within a millisecond of the kill, or of the time at which the kill was due.
 */
import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../base/clock/clock.ts";
import { ensureAgent } from "../images/agent-bundle.ts";
import type { Driver } from "../machines/driver.ts";
import { createFakeDriver } from "../machines/fake/fake-driver.ts";
import { createFleet } from "../fleet/create-fleet.ts";
import { nodeProgram } from "../machines/process/agent-program.ts";
import { createProcessDriver } from "../machines/process/process-driver.ts";
import { type BoundPolicy, bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy, type PackingOptions } from "../policy/packing.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { LiveDispatcher } from "./live-dispatcher.ts";
import { call } from "./testing/caller.ts";
import { Random, seedOf } from "../base/testing/random.ts";
import { roomyHost } from "./testing/roomy-host.ts";
import { serve, versionOf } from "./testing/version.ts";
import { usualChoice } from "../base/kind/machine-kind.ts";
import { afterwards } from "../base/testing/afterwards.ts";

const SEED = seedOf();
const OPTIONS: PackingOptions = { ...roomyHost, blanks: 3, idleMs: 0, maxMachines: 16 };

for (const idleMs of [0, 1, 3])
  test(`thousands of races with a kill after ${idleMs} ms, fake machines (MAYFLY_SEED=${SEED})`, async (context) => {
    const ran: string[] = [];
    const main = (body: Buffer) => (ran.push(body.toString()), body);
    const races = set(context, createFakeDriver({ functions: () => ({ main }) }), idleMs);
    const sent = await race(races, { idleMs, callers: 6, races: 3_000 });
    assert.deepEqual(ran.toSorted(), sent.toSorted(), "what was sent ran, and ran once");
  });

test(`forty races with a kill after 4 ms, real agents (MAYFLY_SEED=${SEED})`, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-race-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  const driver = createProcessDriver({
    program: async () => nodeProgram(await ensureAgent(join(folder, "cache"))),
    runDir: join(folder, "run"),
  });
  await driver.prepare(() => {}, usualChoice);
  const ran = join(folder, "ran");
  const races = set(context, driver, 4, ran);
  const sent = await race(races, { idleMs: 4, callers: 1, races: 40 });
  assert.deepEqual(readFileSync(ran, "utf8").trim().split("\n").toSorted(), sent.toSorted(), "what was sent ran, and ran once");
});

/** A function that writes to a file that it ran, which a bare process may do. */
const CODE = `
const { appendFileSync } = require("node:fs");
module.exports = { default: { async fetch(request) {
  const body = await request.text();
  appendFileSync(process.env.RAN, body + "\\n");
  return new Response(body);
} } };
`;

interface Races {
  dispatcher: LiveDispatcher;
  count: () => number;
}

function set(context: TestContext, driver: Driver, idleMs: number, ran = ""): Races {
  const { policy, count } = countRaces(bindPolicy(createPackingPolicy({ ...OPTIONS, idleMs })));
  const fleet = createFleet({
    driver,
    clock: systemClock,
    bootId: `r${idleMs}`,
    code: () => ({ functions: [{ function: "main", format: "cjs", bytes: Buffer.byteLength(CODE) }], parts: () => [Buffer.from(CODE)] }),
    secrets: () => ({}),
    egress: () => null,
    usage: { record: () => {} },
    report: (text) => assert.fail(text),
    handshakeMs: 60_000,
  });
  const dispatcher = createDispatcher({ policy, fleet, clock: systemClock, bootId: `r${idleMs}`, logs: { append: () => {} } });
  afterwards(context, async () => {
    await dispatcher.close(0);
    await driver.close();
  });
  serve(dispatcher, versionOf("ada", "v1", { concurrency: 2, env: { RAN: ran } }));
  return { dispatcher, count };
}

function countRaces(policy: BoundPolicy): { policy: BoundPolicy; count: () => number } {
  let [races, dueAt, killedAt] = [0, Infinity, -Infinity];
  return {
    count: () => races,
    policy(event, now) {
      if (event.type === "arrive" && (Math.abs(now - dueAt) <= 1 || now - killedAt <= 1)) races++;
      const commands = policy(event, now);
      for (const command of commands) {
        if (command.type === "kill") killedAt = now;
        if (command.type === "wake") dueAt = command.at;
      }
      return commands;
    },
  };
}

/** Callers that call again about when their machine is due to be killed, until there were `races` races. Returns what they sent. */
async function race({ dispatcher, count }: Races, plan: { idleMs: number; callers: number; races: number }): Promise<string[]> {
  const random = new Random(SEED);
  const sent: string[] = [];
  const callOnce = async () => {
    const body = `body-${sent.push("") - 1}`;
    sent[sent.length - 1] = body;
    const caller = call(dispatcher, { app: "ada", method: "POST", body: random.chance(0.7) ? Buffer.from(body) : "stream" });
    caller.handle?.write(Buffer.from(body));
    caller.handle?.end();
    const { status, failure, body: reply } = await caller.over;
    assert.deepEqual([status, reply, failure], [200, body, undefined]);
  };
  const callAgain = async () => {
    while (count() < plan.races) {
      await callOnce();
      await pause(random, plan.idleMs);
    }
  };
  await Promise.all(Array.from({ length: plan.callers }, callAgain));
  return sent;
}

/** Waits about as long as an idle machine is kept. */
async function pause(random: Random, idleMs: number): Promise<void> {
  if (random.chance(0.1)) return;
  if (idleMs === 0 || random.chance(0.1)) return turn();
  const until = performance.now() + idleMs + random.between(-1, 1);
  await sleep(Math.max(0, idleMs - 2));
  while (performance.now() < until) await turn();
}
