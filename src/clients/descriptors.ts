/**
 * How many connections the listeners may hold, computed from the number of file descriptors that this process may open. The remaining
 * descriptors are reserved for machines, for the connections that machines open, and for files, so that callers can't use them up.
 */
import { readFileSync } from "node:fs";
import { MayflyError } from "../base/errors/error.ts";

export interface ConnectionBudget {
  /** Connections of all the gateway's clients together. */
  gateway: number;
  /** Connections of one gateway client. */
  perClient: number;
  /** Connections to the management API, counted apart so that the API answers even if the gateway is full. */
  api: number;
}

/** Each connection holds about 15 KB of memory. */
const MOST_AT_GATEWAY = 16_384;
const MOST_AT_API = 256;
const UNLIMITED = 1_048_576;

export function connectionBudget(descriptors: number): ConnectionBudget {
  const gateway = Math.max(8, Math.min(MOST_AT_GATEWAY, Math.floor(descriptors / 2)));
  const api = Math.max(8, Math.min(MOST_AT_API, Math.floor(descriptors / 16)));
  return { gateway, perClient: Math.max(8, Math.floor(gateway / 4)), api };
}

/** With fewer descriptors a server may start, but then lacks them for machines or for callers. */
const LEAST = 256;

/**
 * Throws "missing-part" if the process may open too few descriptors. Call it before the server opens anything: running out of descriptors
 * later causes many different errors.
 */
export function assertDescriptors(limit = descriptorLimit()): void {
  if (limit >= LEAST) return;
  const cure = `Raise it: \`ulimit -n 4096\` in the shell that starts Mayfly (root may go above the hard limit, which \`ulimit -Hn\` shows), or LimitNOFILE=4096 in its unit. Each connection and each machine takes some`;
  const reason = `this process may have ${limit} files and connections open at a time, and a server needs ${LEAST} at least`;
  throw new MayflyError("missing-part", { part: "a sufficient limit of open files", reason, cure });
}

/** The hard limit of this process: Node has already raised its soft limit to it. */
export function descriptorLimit(): number {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return soft === undefined || soft === "unlimited" ? UNLIMITED : Number(soft);
}
