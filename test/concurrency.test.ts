/**
 * How many invocations a machine receives at once depends on what its functions do: hundreds of waiting ones share a machine, computing
 * ones do not.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { startCallers } from "./callers.ts";
import { type Platform, createScope, drivers, eventually, startPlatform } from "./platform.ts";

/** How many invocations of a function that waits a machine must reach: an emulated one takes longer for each. */
const reached = { process: 200, gvisor: 200, qemu: 100 };

for (const driver of ["process", ...drivers] as const) {
  describe(`concurrency learned of ${driver} machines`, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, { driver, blanks: 1 });
    });
    after(() => scope.close());

    const deploy = (name: string) => platform.deploy("test/apps/economy", { name, concurrency: 1_000, maxMachines: 2 });
    const slotsOf = async (app: string) => {
      const machine = (await platform.client.machines()).find((each) => each.app === app && each.state === "bound");
      return machine?.slots.total ?? 0;
    };
    /** Samples the slots every quarter of a second, for some seconds. */
    const watch = async (app: string, seconds: number) => {
      const seen: number[] = [];
      for (let i = 0; i < seconds * 4; i++) {
        seen.push(await slotsOf(app));
        await sleep(250);
      }
      return seen;
    };

    test("a machine runs hundreds of invocations of a function that waits", async (context) => {
      await deploy("waits");
      const callers = startCallers(context, platform, ["/waits/wait"], 200);
      await eventually(
        "slots of a function that waits",
        () => slotsOf("waits"),
        (slots) => slots >= reached[driver],
        40_000,
      );
      await callers.stop();
      assert.deepEqual(callers.failures, []);
    });

    test("the concurrency of a function that computes settles near the machine's vCPUs", async (context) => {
      await deploy("spins");
      const callers = startCallers(context, platform, ["/spins/spin?ms=50"], 6);
      await eventually(
        "slots of a function that computes",
        () => slotsOf("spins"),
        (slots) => slots >= 1 && slots <= 2,
        40_000,
      );
      const seen = await watch("spins", 3);
      await callers.stop();
      assert.ok(Math.max(...seen) <= 8, String(seen));
      assert.deepEqual(callers.failures, []);
    });

    // That several functions share a machine is no matter of a driver.
    if (driver !== "process") return;
    test("the concurrency of an app that waits and computes converges", async (context) => {
      await deploy("mixed");
      const callers = startCallers(context, platform, ["/mixed/wait", "/mixed/spin?ms=50"], 12);
      await eventually(
        "slots of an app with both",
        () => slotsOf("mixed"),
        (slots) => slots >= 1 && slots <= 8,
        40_000,
      );
      const seen = await watch("mixed", 4);
      await callers.stop();
      // A thousand are allowed. On a busy host less CPU is available, so a function's share looks smaller than it is.
      assert.ok(Math.max(...seen) <= 32, String(seen));
      assert.deepEqual(callers.failures, []);
    });
  });
}
