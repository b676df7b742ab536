/** What the policy and callers are told about a part of a revision. */
import type { Version } from "../store/catalog/catalog.ts";
import type { MachineEnd } from "../fleet/fleet.ts";
import { clauseOf } from "../machines/exit.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { KindBook } from "./kind-book.ts";
import type { LivePart } from "./live-revisions.ts";
import type { ApartLimits, AppLimits, PolicyCommand } from "../policy/policy.ts";

export function limitsOf({ manifest }: Version, kinds: KindBook): AppLimits {
  const { concurrency, minMachines, maxMachines, reservedBlanks, queue, waitWorth = null } = manifest;
  return { concurrency, minMachines, maxMachines, reservedBlanks, queue, waitWorth, kind: kinds.enter(manifest) };
}

/** What a part may have that serves one tenant id: a quarter of the app's queue, so that one tenant cannot fill it. */
export function apartLimits({ maxMachines, queue, tenantKeys }: Version["manifest"]): ApartLimits {
  return { machines: Math.min(maxMachines, tenantKeys?.machines ?? maxMachines), queue: Math.max(1, Math.ceil(queue / 4)) };
}

/** The error that a caller gets for a policy's rejection. */
export function rejection(
  reason: Extract<PolicyCommand, { type: "reject" }>["reason"],
  name: string,
  part: Pick<LivePart, "version" | "lastFailure"> | undefined,
  lastStartFailure: MachineEnd | null,
): [ErrorCode, ErrorDetails] {
  switch (reason) {
    case "queue-full":
      return ["queue-full", { app: name, limit: part?.version.manifest.queue ?? 0 }];
    case "start-failed": {
      const end = part?.lastFailure ?? lastStartFailure;
      return ["machine-start-failed", end === null ? { reason: "none has been started yet" } : { reason: clauseOf(end), ...endFacts(end) }];
    }
    default:
      return ["no-such-app", { app: name }];
  }
}

/** How a machine ended, for doors that tell it in their own words. */
export function endFacts({ reason, code, signal }: MachineEnd): ErrorDetails {
  return { exit: reason, ...(code !== undefined && { code }), ...(signal !== undefined && { signal }) };
}
