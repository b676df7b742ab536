/** The agent's own ways out and to the machine's console, taken before user code or the log capture can change them. */
import { writeSync } from "node:fs";

const exit = process.exit.bind(process);
const write = writeSync;

/** @param reason for the machine's console; none where all is as it should be */
export function leave(code: number, reason?: string): never {
  if (reason !== undefined) write(2, `mayfly agent: ${reason}\n`);
  return exit(code);
}
