/**
 * How many connections the listeners may have, from the descriptors that this process may open. What is left is for machines, for the
 * connections that they make, and for files: callers must not be able to take it.
 */
import { readFileSync } from "node:fs";
import { MayflyError } from "../base/errors/error.ts";

export interface ConnectionBudget {
  /** Of the gateway's clients. */
  gateway: number;
  /** Of one of them. */
  perClient: number;
  /** Of the management API's: it answers while the gateway is full. */
  api: number;
}

/** Each holds some 15 KB. */
const MOST_AT_GATEWAY = 16_384;
const MOST_AT_API = 256;
const UNLIMITED = 1_048_576;

export function connectionBudget(descriptors: number): ConnectionBudget {
  const gateway = Math.max(8, Math.min(MOST_AT_GATEWAY, Math.floor(descriptors / 2)));
  const api = Math.max(8, Math.min(MOST_AT_API, Math.floor(descriptors / 16)));
  return { gateway, perClient: Math.max(8, Math.floor(gateway / 4)), api };
}

/** With fewer a server comes up at best, and then lacks them for machines or for callers. */
const LEAST = 256;

/** Throws "missing-part". To be asked before a server opens anything: what fails for want of descriptors later says so in many ways. */
export function assertDescriptors(limit = descriptorLimit()): void {
  if (limit >= LEAST) return;
  const cure = `Raise it: \`ulimit -n 4096\` in the shell that starts Mayfly (root may go above the hard limit, which \`ulimit -Hn\` shows), or LimitNOFILE=4096 in its unit. Each connection and each machine takes some`;
  const reason = `this process may have ${limit} files and connections open at a time, and a server needs ${LEAST} at least`;
  throw new MayflyError("missing-part", { part: "a sufficient limit of open files", reason, cure });
}

/** Of this process: Node has raised its soft limit to the hard one. */
export function descriptorLimit(): number {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return soft === undefined || soft === "unlimited" ? UNLIMITED : Number(soft);
}
