/** What it costs callers that idle machines are stopped, and that a worker dies. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchOptions } from "../options.ts";
import { type BenchDriver, type Platform, startPlatform } from "../platform.ts";
import { type Row, type Section, ms, spread } from "../report.ts";
import { median } from "../statistics.ts";
import { timedCall } from "../timed-call.ts";

const wakes = 30;
/** Calls before the first measurement, so that the machine's code is compiled. */
const warmUp = 300;
/** A machine is stopped when it has had nothing to do for a quarter of a second. */
const restMs = 1_500;
/** Calls that follow a wake before one is measured as that of a machine that is awake. */
const settling = 5;
const targetWakeMs = 5;
const targetReplacedMs = 2_000;

export async function rest(options: BenchOptions): Promise<Section[]> {
  const woken = [];
  const replaced = [];
  for (const driver of options.drivers) {
    woken.push(await wake(driver));
    replaced.push(await death(driver, options.rounds));
  }
  return [
    {
      title: "A call that wakes its machine",
      how: `One connection to hello, whose machine has been stopped for want of calls; beside it calls of the same machine awake. Median of ${wakes} each; the difference is what waking costs.`,
      rows: woken,
    },
    {
      title: "A worker's death",
      how: "The worker is killed by SIGKILL; from then until the gateway answers /_mayfly/health, which was asked for at once, and until hello, called right after that, has replied from a new machine. Median of the rounds, each with a server of its own.",
      rows: replaced,
    },
  ];
}

async function wake(driver: BenchDriver): Promise<Row> {
  const [woken, awake]: [number[], number[]] = [[], []];
  await withHello(driver, async (url) => {
    for (let call = 0; call < warmUp; call++) await timedCall(url);
    for (let round = 0; round < wakes; round++) {
      await sleep(restMs);
      woken.push(await timedCall(url));
      for (let call = 0; call < settling; call++) await timedCall(url);
      awake.push(await timedCall(url));
    }
  });
  const cost = median(woken) - median(awake);
  const measured = `${ms(cost)}: woken ${spread(woken)}; awake p50 ${ms(median(awake))}`;
  return { what: driver, measured, target: `≤ ${targetWakeMs} ms`, reached: cost <= targetWakeMs };
}

async function death(driver: BenchDriver, rounds: number): Promise<Row> {
  const [up, replied]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++)
    await withHello(driver, async (url, { server, gatewayUrl }) => {
      const killedAt = performance.now();
      process.kill(server.pid, "SIGKILL");
      await timedCall(`${gatewayUrl}/_mayfly/health`);
      up.push(performance.now() - killedAt);
      await timedCall(url);
      replied.push(performance.now() - killedAt);
    });
  const measured = `up ${ms(median(up))}, most ${ms(Math.max(...up))}; first reply ${ms(median(replied))}`;
  return { what: driver, measured, target: `up ≤ ${targetReplacedMs / 1_000} s`, reached: Math.max(...up) <= targetReplacedMs };
}

async function withHello(driver: BenchDriver, use: (url: string, platform: Platform) => Promise<void>): Promise<void> {
  const platform = await startPlatform(driver, { blanks: 0, idleMs: 600_000 });
  try {
    const url = await platform.deploy("hello");
    await timedCall(url);
    await use(url, platform);
  } finally {
    await platform.stop();
  }
}
