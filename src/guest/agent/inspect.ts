/**
 * Opens Node's inspector in a machine that a debugger is to reach, while an app is developed (docs/dev.md). A machine of the driver `process` shares its loopback with the
 * debugger. In any other, a thread of its own carries what the debugger says between the inspector and a second channel to the host: at a breakpoint the agent's
 * thread, which reads the first one, stands still.
 */
import { renameSync, writeFileSync } from "node:fs";
import { carryInspector, type InspectorChannel } from "./carry-inspector.ts";

const variable = "MAYFLY_INSPECT";
/** The file that gets the inspector's address; or `fd:` and the descriptor of the second channel, or `tcp:` and its address; undefined in every other machine. */
let where = process.env[variable];
delete process.env[variable];

/** For a clone, which learns it from its Resumes: its environment is its template's. @param address as `tcp:10.0.2.100:3` */
export function inspectAt(address: string): void {
  where ??= address;
}

let isOpen = false;

/** Called when the machine belongs to an app, so that a debugger finds no machines that belong to none. Further calls do nothing. */
export function openInspector(): void {
  if (where === undefined || isOpen) return;
  isOpen = true;
  // Loaded here only, because no other machine needs it.
  const inspector = process.getBuiltinModule("node:inspector");
  inspector.open(0, "127.0.0.1");
  const url = inspector.url() ?? "";
  const channel = channelOf(where);
  if (channel !== undefined) {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    new Worker(`(${carryInspector.toString()})()`, { eval: true, workerData: { channel, url } }).unref();
    return;
  }
  // Whoever reads it finds all of it or nothing.
  writeFileSync(`${where}.new`, url);
  renameSync(`${where}.new`, where);
}

function channelOf(text: string): InspectorChannel | undefined {
  const [, kind, address = ""] = /^(fd|tcp):(.+)$/.exec(text) ?? [];
  if (kind === "fd") return { fd: Number(address) };
  const colon = address.lastIndexOf(":");
  return kind === "tcp" ? { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) } : undefined;
}
