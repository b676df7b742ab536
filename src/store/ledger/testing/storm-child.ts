/** Records one unit of use after the other until it is killed. Prints when each unit begins and which units are stored. */
import { writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { systemClock } from "../../../base/clock/clock.ts";
import { createLedger } from "../create-ledger.ts";

const STDOUT = 1;
const NOVEMBER = Date.UTC(2026, 10);
/** The CPU of one unit's start, in microseconds: first the platform's, then the app's. */
export const START_US = 1_000;
export const RUN_US = 7;

/** A minute of this clock passes in 120 ms, so that minutes end while the process runs. */
async function recordForever(file: string, since: number): Promise<void> {
  const clock = { ...systemClock, wall: () => NOVEMBER + 500 * (Date.now() - since) };
  const ledger = createLedger(file, {
    idOf: String,
    clock,
    flushMs: 1,
    onFailure: (error) => {
      throw error;
    },
  });
  for (let n = 1; ; n++) {
    writeSync(STDOUT, `begin ${n}\n`);
    const at = clock.wall();
    ledger.record({ at, app: null, kind: "start", cpuUs: START_US });
    ledger.record({ at, app: null, kind: "start", cpuUs: -START_US });
    ledger.record({ at, app: "storm", kind: "start", cpuUs: START_US });
    ledger.record({ at, app: "storm", kind: "run", cpuUs: RUN_US, byteSeconds: 3 });
    ledger.record({ at, app: "storm", kind: "calls", function: `f${n % 5}`, requests: 1 });
    if (n % 3 === 0) await turn(); // The ledger's own timer stores.
    if (n % 10 !== 0) continue;
    ledger.flush();
    writeSync(STDOUT, `stored ${n}\n`);
  }
}

if (import.meta.main) {
  const [file = "", since] = process.argv.slice(2);
  await recordForever(file, Number(since));
}
