/** An app as the dispatcher knows it. */
import type { Version } from "../store/catalog/catalog.ts";
import type { MachineEnd } from "../fleet/fleet.ts";
import { clauseOf } from "../machines/exit.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { AppLimits, PolicyCommand } from "../policy/policy.ts";

export interface App {
  version: Version;
  /** The end of its last machine that could not be bound; null where there was none. */
  lastFailure: MachineEnd | null;
}

export function limitsOf({ manifest }: Version): AppLimits {
  const { concurrency, minMachines, maxMachines, reservedBlanks, queue, memoryMb, vcpus, waitWorth = null } = manifest;
  return { concurrency, minMachines, maxMachines, reservedBlanks, queue, memoryMb, vcpus, waitWorth };
}

/** The error that a policy's rejection is to the caller. */
export function rejection(
  reason: Extract<PolicyCommand, { type: "reject" }>["reason"],
  name: string,
  app: App | undefined,
  lastStartFailure: MachineEnd | null,
): [ErrorCode, ErrorDetails] {
  switch (reason) {
    case "queue-full":
      return ["queue-full", { app: name, limit: app?.version.manifest.queue ?? 0 }];
    case "start-failed": {
      const end = app?.lastFailure ?? lastStartFailure;
      return ["machine-start-failed", { reason: end === null ? "none has been started yet" : clauseOf(end) }];
    }
    default:
      return ["no-such-app", { app: name }];
  }
}
