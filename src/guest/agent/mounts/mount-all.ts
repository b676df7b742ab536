/**
 * Mounts the app's NFS exports. A program of the machine's image does it, and stays to carry their bytes: this thread cannot do it, because it may
 * itself be waiting for a file.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { MOUNTS_PROGRAM, type MountMessage } from "../../../wire/protocol.ts";

/** Its message is a sentence for the app's owner. */
export class MountError extends Error {}

/** Rejects with the reason if one cannot be mounted. */
export async function mountAll(mounts: MountMessage[]): Promise<void> {
  const words = mounts.flatMap(({ server, address, ports, source, path, flags, options }) => [
    server,
    address,
    ports.join(","),
    source,
    path,
    String(flags),
    options,
  ]);
  const child = spawn(MOUNTS_PROGRAM, words, { cwd: "/", env: {}, stdio: ["ignore", "pipe", "pipe"] });
  const said: Buffer[] = [];
  for (const output of [child.stdout, child.stderr]) output.on("data", (chunk: Buffer) => said.push(chunk));
  // It closes its output when all is mounted, and goes on.
  await Promise.all([once(child, "spawn"), once(child.stdout, "end"), once(child.stderr, "end")]);
  child.unref();
  const text = Buffer.concat(said).toString().trim();
  if (text !== "ok") throw new MountError(text || "what mounts ended without a word");
}
