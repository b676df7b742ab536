import { setTimeout as sleep } from "node:timers/promises";

interface Patience {
  /** What is waited for, in words. Default: the probe's source. */
  what?: string;
  /** Default: half a minute, far more than anything takes on a host that is not stuck. */
  ms?: number;
  everyMs?: number;
  /** Default: the system's timers, which keep the process alive. */
  pause?: (ms: number) => Promise<unknown>;
}

/** For what tells nobody that it has happened: asks until the answer is neither false nor undefined, and resolves with it. Rejects after `ms`. */
export async function until<T>(
  probe: () => T | false | undefined | Promise<T | false | undefined>,
  { what = probe.toString(), ms = 30_000, everyMs = 2, pause = sleep }: Patience = {},
): Promise<T> {
  for (const end = performance.now() + ms; ; await pause(everyMs)) {
    const answer = await probe();
    if (answer !== false && answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`this did not come within ${ms} ms: ${what}`);
  }
}
