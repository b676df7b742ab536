/** The server's own log, on standard error: a line of JSON each, whoever writes it. */
import { type Logger, destination, pino } from "pino";

export function openServerLog({ logLevel }: { logLevel: string }): Logger {
  const out = destination({ fd: 2, sync: true });
  out.on("error", () => undefined); // nobody reads the log any more: no reason to end
  return pino({ level: logLevel, base: null }, out);
}

export interface Steps {
  /** A step begins; the one before is done. */
  step: (text: string) => void;
  done: () => void;
}

/** A line when a step begins, and one with its time when it is done. */
export function logSteps(log: Pick<Logger, "info">, now: () => number = () => performance.now()): Steps {
  let current: { text: string; since: number } | undefined;
  function done(): void {
    if (current === undefined) return;
    const ms = Math.round(now() - current.since);
    log.info({ ms }, `done: ${current.text}`);
    current = undefined;
  }
  return {
    step(text) {
      done();
      current = { text, since: now() };
      log.info(text);
    },
    done,
  };
}
