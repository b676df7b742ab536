/** An app as the dispatcher knows it. */
import type { Version } from "../store/catalog/catalog.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { AppLimits, PolicyCommand } from "../policy/policy.ts";

export interface App {
  version: Version;
  /** Why its last machine could not be bound. */
  lastFailure: string;
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
  lastStartFailure: string,
): [ErrorCode, ErrorDetails] {
  switch (reason) {
    case "queue-full":
      return ["queue-full", { app: name, limit: app?.version.manifest.queue ?? 0 }];
    case "start-failed":
      return ["machine-start-failed", { reason: forCallers(app?.lastFailure || lastStartFailure) }];
    default:
      return ["no-such-app", { app: name }];
  }
}

/** Why a machine ended, without what it printed last: that is for the logs, and for nobody who merely calls the app. */
export function forCallers(reason: string): string {
  const output = reason.indexOf("; last output: ");
  return output === -1 ? reason : reason.slice(0, output);
}
