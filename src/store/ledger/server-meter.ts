/**
 * Bills the server's own process (gateway, dispatcher and everything else) to the platform. Machines are processes of their own and are not
 * part of it.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { UsageDelta } from "./ledger.ts";

const EVERY_MS = 5_000;

/** Returns a function that records the rest and stops. */
export function meterServer(clock: Clock, record: (delta: UsageDelta) => void): () => void {
  let [cpuUs, memoryBytes, at] = [cpuUsed(), process.memoryUsage.rss(), clock.now()];
  const tell = () => {
    const [cpuNow, memoryNow, now] = [cpuUsed(), process.memoryUsage.rss(), clock.now()];
    const byteSeconds = (((memoryBytes + memoryNow) / 2) * (now - at)) / 1_000;
    record({ at: clock.wall(), app: null, kind: "server", cpuUs: cpuNow - cpuUs, byteSeconds });
    [cpuUs, memoryBytes, at] = [cpuNow, memoryNow, now];
  };
  const stop = clock.every(EVERY_MS, tell);
  return () => {
    stop();
    tell();
  };
}

/** Microseconds since the process began. */
function cpuUsed(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
