/**
 * Divides the file descriptors that this process may open: how many connections the listeners and the apps may hold, and how many machines there may be. The
 * parts together are never more than the whole, so that neither callers nor apps can take the descriptors that the server itself needs.
 */
import { readFileSync } from "node:fs";
import { MayflyError } from "../base/errors/error.ts";

export interface DescriptorBudget {
  /** Connections of all the gateway's clients together. */
  gateway: number;
  /** Connections of one gateway client. */
  perClient: number;
  /** Connections to the management API and AWS Lambda's, counted apart so that they answer even if the gateway is full. */
  api: number;
  /** Connections to the outside of all apps and appliances together, with look-ups of names. */
  outside: number;
  machines: number;
}

/** Each connection holds about 15 KB of memory. */
const MOST_AT_GATEWAY = 16_384;
/** Callers of functions by AWS Lambda's API wait on them for the results. */
const MOST_AT_API = 1_024;
const MOST_OUTSIDE = 16_384;
/** Of the server itself: it holds about 40 for its databases and logs, and others for a moment. */
const OWN = 64;
/** The driver qemu has five of each machine, and opens more while it starts one; the other drivers have three. */
const PER_MACHINE = 6;
const UNLIMITED = 1_048_576;

export function descriptorBudget(descriptors: number): DescriptorBudget {
  const gateway = Math.max(8, Math.min(MOST_AT_GATEWAY, Math.floor((descriptors * 3) / 8)));
  const api = Math.max(8, Math.min(MOST_AT_API, Math.floor(descriptors / 16)));
  const left = descriptors - OWN - withTurnedAway(gateway) - withTurnedAway(api);
  const outside = Math.max(8, Math.min(MOST_OUTSIDE, Math.floor(left / 2)));
  const machines = Math.max(1, Math.floor((left - outside) / PER_MACHINE));
  return { gateway, perClient: Math.max(8, Math.floor(gateway / 4)), api, outside, machines };
}

/** A listener's connections, with those that are waiting to be told that there is no room for them (turned-away.ts). */
function withTurnedAway(connections: number): number {
  return connections + Math.max(8, Math.ceil(connections / 8));
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
