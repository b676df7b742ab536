import { accessSync, constants, existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lackingReserves, lookAtReserves } from "../store/state-folder/look-at-reserves.ts";
import type { Finding } from "./finding.ts";

/** Checks only that the device is there. Whether it works is found out by the driver qemu, with a real boot. */
export function checkKvm(): Finding {
  const part = "/dev/kvm";
  const cure =
    "Without it machines run in software emulation, which computes some ten times slower. Enable virtualisation, or nested virtualisation.";
  if (!existsSync(part)) return { part, ok: true, detail: "absent: software emulation (TCG)", cure };
  if (!mayWrite(part)) {
    return {
      part,
      ok: true,
      detail: "present, but not ours to open: software emulation (TCG)",
      cure: "Join the group kvm, or run as root.",
    };
  }
  return { part, ok: true, detail: "present; a test boot decides whether it is used" };
}

/** @param needed bytes */
export function checkMemory(needed: number): Finding {
  const available = process.availableMemory();
  const ok = available >= needed;
  const detail = `${inMb(available)} MB available`;
  return { part: "memory", ok, detail, ...(ok ? {} : { cure: `Free some: ${inMb(needed)} MB are needed for a first few machines.` }) };
}

/** @param needed bytes */
export async function checkDisk(part: string, dir: string, needed: number): Promise<Finding> {
  const existing = nearestExisting(dir);
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  if (!mayWrite(existing))
    return { part, ok: false, detail: `${existing} is not writable`, cure: `Give this user write access to ${dir}.` };
  const ok = free >= needed;
  const cure = `Free some, or use another folder: ${inMb(needed)} MB are needed.`;
  return { part, ok, detail: `${inMb(free)} MB free for ${dir}`, ...(ok ? {} : { cure }) };
}

/** What a server holds of the state folder's disk for removals when it is full. */
export function checkReserves(stateDir: string): Finding {
  const part = "reserve on disk";
  if (!existsSync(join(stateDir, "catalog.db"))) return { part, ok: true, detail: "made when a server starts" };
  if (!mayWrite(stateDir)) return { part, ok: true, detail: `${stateDir} is not ours to read` };
  const looks = lookAtReserves(stateDir);
  const lacking = lackingReserves(looks);
  if (lacking.length > 0)
    return {
      part,
      ok: false,
      detail: lacking.join(", "),
      cure: "Free some of the disk of the state folder: a running server makes it whole by itself.",
    };
  const bytes = looks.reduce((sum, look) => sum + look.bytes, 0);
  return { part, ok: true, detail: `${inMb(bytes)} MB, for removals when the disk is full` };
}

function nearestExisting(dir: string): string {
  return existsSync(dir) || dirname(dir) === dir ? dir : nearestExisting(dirname(dir));
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    // That the system refuses is the answer to this check.
    return false;
  }
}

function inMb(bytes: number): number {
  return Math.floor(bytes / (1 << 20));
}
