/**
 * Opens Node's inspector in a machine that a debugger is to reach, while an app is developed (docs/dev.md). A machine of the driver `process` shares its loopback with the
 * debugger. In any other, a thread of its own carries what the debugger says between the inspector and a second channel to the host: at a breakpoint the agent's
 * thread, which reads the first one, stands still.
 */
import { renameSync, writeFileSync } from "node:fs";
import { carryInspector } from "./carry-inspector.ts";

const variable = "MAYFLY_INSPECT";
/** The file that gets the inspector's address, or `fd:` and the descriptor of the second channel; undefined in every other machine. */
const where = process.env[variable];
delete process.env[variable];

/** Called when the machine belongs to an app, so that a debugger finds no machines that belong to none. */
export function openInspector(): void {
  if (where === undefined) return;
  // Loaded here only, because no other machine needs it.
  const inspector = process.getBuiltinModule("node:inspector");
  inspector.open(0, "127.0.0.1");
  const url = inspector.url() ?? "";
  if (where.startsWith("fd:")) {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    new Worker(`(${carryInspector.toString()})()`, { eval: true, workerData: { fd: Number(where.slice("fd:".length)), url } }).unref();
    return;
  }
  // Whoever reads it finds all of it or nothing.
  writeFileSync(`${where}.new`, url);
  renameSync(`${where}.new`, where);
}
