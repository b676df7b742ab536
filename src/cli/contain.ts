import type { Logger } from "pino";

const AGAIN_MS = 60_000;
const MOST = 100;

/**
 * Returns what logs an error that nobody handled, of a timer or of a promise that nobody awaits, so that the worker goes on with everything else. A timer may
 * fail many times a second, so each message is logged once a minute.
 */
export function containing(log: Pick<Logger, "error">, now: () => number): (thrown: unknown) => void {
  const logged = new Map<string, number>();
  return (thrown) => {
    const message = thrown instanceof Error ? `${thrown.name} ${thrown.message}` : String(thrown);
    if (now() - (logged.get(message) ?? -Infinity) < AGAIN_MS) return;
    if (logged.size >= MOST) logged.clear();
    logged.set(message, now());
    log.error({ err: thrown }, "a timer or a promise of the worker failed, and only its own work is lost");
  };
}
