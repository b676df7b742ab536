/** Opens Node's inspector in a machine that a debugger is to reach: one of the driver `process`, while an app is developed (docs/dev.md). */
import { renameSync, writeFileSync } from "node:fs";

const variable = "MAYFLY_INSPECT";
/** The file that gets the inspector's address; undefined in every other machine. */
const file = process.env[variable];
delete process.env[variable];

/** Called when the machine belongs to an app, so that a debugger finds no machines that belong to none. */
export function openInspector(): void {
  if (file === undefined) return;
  // Loaded here only, because no other machine needs it.
  const inspector = process.getBuiltinModule("node:inspector");
  inspector.open(0, "127.0.0.1");
  // Whoever reads it finds all of it or nothing.
  writeFileSync(`${file}.new`, inspector.url() ?? "");
  renameSync(`${file}.new`, file);
}
