/** How the agent ends the process and writes to the machine's console. Both are taken before user code or the log capture can replace them. */
import { writeSync } from "node:fs";

const exit = process.exit.bind(process);
const write = writeSync;

/**
 * Reads what the host says of itself. No code of the app runs in it, so that whatever is thrown is the host's fault or the agent's own, and ends the agent: the
 * app would be blamed for it otherwise.
 *
 * @param what a frame, such as "a Resume"
 */
export function understood<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    return misunderstood(what, error);
  }
}

/** @param what see understood() @param error what was thrown when it was read */
export function misunderstood(what: string, error: unknown): never {
  return leave(1, `it failed at ${what}: ${String((error as Error).stack)}`);
}

/** @param reason is written to the machine's console; absent if there is no error */
export function leave(code: number, reason?: string): never {
  if (reason !== undefined) write(2, `mayfly agent: ${reason}\n`);
  return exit(code);
}
