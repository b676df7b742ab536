/** An idle machine uses no CPU, and its callers do not notice that it was stopped. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, createScope, drivers, eventually, startPlatform } from "./platform.ts";

/** The maximum share of a core over one observation: ten idle machines may use 1 % of a core together. */
const IDLE_SHARE = 0.001;
const LOOK_MS = 2_000;
/** The guest's clock stands still while the machine is stopped, unless it is set again. */
const CLOCK_MS = 1_000;

/** At the same time, because all of them mostly wait; what a machine uses is counted for it alone. */
describe("machines at rest", { concurrency: true }, () => {
  for (const driver of ["process", ...drivers] as const) {
    describe(`idle ${driver} machines`, { concurrency: 1 }, () => {
      const scope = createScope();
      let platform: Platform;
      before(async () => {
        platform = await startPlatform(scope, { driver, blanks: 0, idleMs: 600_000 });
        await platform.deploy("test/apps/idle", { timeoutMs: 60_000, maxMachines: 1 });
      });
      after(() => scope.close());

      const ask = async () => (await (await platform.call("/idle/idle")).json()) as { calls: number; now: number; fine: number };
      const cpuUs = async () =>
        (await platform.client.machines()).filter(({ app }) => app === "idle").reduce((sum, { cpuUs }) => sum + cpuUs, 0);
      const atRest = () =>
        eventually(
          "rest",
          async () => {
            const before = await cpuUs();
            await sleep(LOOK_MS);
            return (await cpuUs()) - before;
          },
          (used) => used <= IDLE_SHARE * LOOK_MS * 1_000,
          60_000,
        );

      test("use almost no CPU, serve later calls themselves, and know the time", async () => {
        const { calls } = await ask();
        await atRest();
        for (let round = 1; round <= 2; round++) {
          const asked = Date.now();
          const told = await ask();
          assert.equal(told.calls, calls + round);
          for (const clock of [told.now, told.fine])
            assert.ok(clock >= asked - CLOCK_MS && clock <= Date.now() + CLOCK_MS, `${clock - asked} ms off`);
        }
      });

      test("answer many simultaneous callers", async () => {
        await atRest();
        const { calls } = await ask();
        await atRest();
        const replies = await Promise.all(Array.from({ length: 20 }, ask));
        assert.deepEqual(
          replies.map((reply) => reply.calls).toSorted((a, b) => a - b),
          Array.from({ length: 20 }, (_, n) => calls + 1 + n),
        );
      });

      test("are not idle while a promise given to waitUntil is pending, nor while a stream is silent", async () => {
        await platform.call("/idle/idle?do=later");
        await platform.logged("idle", /done after the reply/);
        assert.equal(await (await platform.call("/idle/idle?do=stream")).text(), "321");
        assert.equal((await platform.client.machines()).filter(({ app }) => app === "idle").length, 1);
      });
    });
  }
});
