/** How the agent ends the process and writes to the machine's console. Both are taken before user code or the log capture can replace them. */
import { writeSync } from "node:fs";

const exit = process.exit.bind(process);
const write = writeSync;

/** @param reason is written to the machine's console; absent if there is no error */
export function leave(code: number, reason?: string): never {
  if (reason !== undefined) write(2, `mayfly agent: ${reason}\n`);
  return exit(code);
}
