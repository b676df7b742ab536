/** The server's own log, on standard error unless somebody else takes it: one line of JSON for each entry. */
import { type Logger, destination, pino } from "pino";

/** Where lines of the server's log go besides. */
export class LogLines {
  #listener: (line: string) => void = () => undefined;

  /** @param listener called with each line from now on, as it is written: JSON with a line feed. It must not throw. Returns what ends that */
  listen(listener: (line: string) => void): () => void {
    this.#listener = listener;
    return () => (this.#listener = () => undefined);
  }

  tell(line: string): void {
    this.#listener(line);
  }
}

/** @param take gets each line in place of standard error */
export function openServerLog({ logLevel }: { logLevel: string }, lines?: LogLines, take?: (line: string) => void): Logger {
  const out = destination({ fd: 2, sync: true });
  out.on("error", () => undefined); // an error means that nobody reads the log any more, which is no reason to end
  const write = (line: string) => {
    if (take === undefined) out.write(line);
    else take(line);
    lines?.tell(line);
  };
  return pino({ level: logLevel, base: null }, lines === undefined ? out : { write });
}

export interface Steps {
  /** A step begins, and the one before it is done. */
  step: (text: string) => void;
  done: () => void;
}

/** Logs a line when a step begins, and one with its duration when it is done. */
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
