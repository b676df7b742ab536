/** The live system and the simulator, on the same calls: a run of the real dispatcher is recorded, and then simulated. */
import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDispatcher } from "../dispatch/dispatcher.ts";
import { recordPolicy } from "../dispatch/recorder.ts";
import { call } from "../dispatch/testing/caller.ts";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { Random } from "../base/testing/random.ts";
import { serve, versionOf } from "../dispatch/testing/version.ts";
import { bindPolicy } from "../policy/bind-policy.ts";
import { createPackingPolicy, type PackingOptions } from "../policy/packing.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import { simulate } from "./simulate.ts";
import type { Outcome } from "./simulator.ts";
import { SteadyFleet } from "./testing/steady-fleet.ts";
import { readRecording, type Recording } from "./workloads/recorded.ts";
import { roomyHost } from "../dispatch/testing/roomy-host.ts";

const OPTIONS: PackingOptions = { ...roomyHost, blanks: 2, idleMs: null, maxMachines: 100 };

const MINUTES = 3;
const STEP_MS = 20;
/** Calls a second of three apps, at a time in seconds: one is called steadily, one in bursts, one seldom. */
const RATES = { ada: () => 8, bob: (at: number) => (at % 17 < 1 ? 30 : 0), cyd: (at: number) => (at % 29 < 0.5 ? 2 : 0) };

/** Number of live runs. A policy that learns amplifies small differences, so that one run alone says little. */
const SEEDS = [1, 2, 3, 4, 5];

for (const [what, idleMs] of [
  ["all of it learned", null],
  ["a fixed time to keep idle machines", 3_000],
] as const)
  test(`live runs with ${what} agree with their simulations on starts within 10 %`, async (context) => {
    const options = { ...OPTIONS, idleMs };
    const sum = { live: 0, simulated: 0 };
    for (const seed of SEEDS) {
      const { file, starts } = await record(context, options, seed);
      const recording = readRecording(file);
      assert.deepEqual(recording.options, options);
      assert.equal(recording.live.starts, starts);
      sum.live += starts;
      sum.simulated += simulateAgain(recording).starts;
    }
    context.diagnostic(`${sum.live} starts live, ${sum.simulated} simulated`);
    assert.ok(sum.live >= 50, `only ${sum.live} starts`);
    assert.ok(Math.abs(sum.simulated - sum.live) <= 0.1 * sum.live, `${sum.live} starts live, ${sum.simulated} simulated`);
  });

function simulateAgain({ workload, options, machine }: Recording): Outcome {
  const policy = { name: "ours", create: () => createPackingPolicy(options) };
  return simulate(workload, policy, { machine, worth: { wait: 100, cpu: 9 } });
}

/** A run of the real dispatcher, policy and recorder in virtual time, on machines of a model. */
async function record(context: TestContext, options: PackingOptions, seed: number): Promise<{ file: string; starts: number }> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-agreement-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "run.jsonl");
  const clock = new FakeClock();
  const events = new EventStream(clock, (error) => assert.fail(String(error)));
  const endRecording = await recordPolicy(events, options, file);
  const random = new Random(seed);
  const fleet = new SteadyFleet(clock, random);
  const dispatcher = createDispatcher({
    policy: bindPolicy(createPackingPolicy(options)),
    fleet,
    clock,
    bootId: "t",
    events,
    logs: { append: () => {} },
  });
  for (const app of Object.keys(RATES)) serve(dispatcher, versionOf(app, "v1", { concurrency: 3 }));
  for (let at = 0; at < MINUTES * 60_000; at += STEP_MS) {
    for (const [app, rate] of Object.entries(RATES))
      if (random.chance((rate(at / 1_000) * STEP_MS) / 1_000))
        call(dispatcher, { app, body: Buffer.from(String(random.between(100, 900))) });
    await clock.advance(STEP_MS);
  }
  await clock.advance(1_000);
  const { starts } = fleet;
  await Promise.all([dispatcher.close(0), clock.advance(1_000)]);
  await endRecording();
  return { file, starts };
}
