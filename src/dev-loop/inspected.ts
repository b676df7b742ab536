/** The machines that debuggers can reach: each has a file in one folder, named by its id, with the address at which its runtime answers a debugger. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Inspected {
  machine: string;
  host: string;
  port: number;
  /** Of the WebSocket of Node's inspector. */
  path: string;
}

/** The newest first: it is the one that runs what was saved last. @param protocol `ws:` is that of Node's inspector, and `dap:` that of debugpy */
export function inspected(folder: string, protocol: "ws:" | "dap:"): Inspected[] {
  const found = readdirSync(folder)
    .filter((name) => !name.endsWith(".new"))
    .flatMap((machine) => {
      try {
        const url = new URL(readFileSync(join(folder, machine), "utf8"));
        const since = statSync(join(folder, machine)).mtimeMs;
        return url.protocol === protocol ? [{ machine, host: url.hostname, port: Number(url.port), path: url.pathname, since }] : [];
      } catch {
        return []; // The machine has ended meanwhile.
      }
    });
  return found.toSorted((a, b) => b.since - a.since);
}
