import { invalidValue } from "../../control/lambda/aws-error.ts";
import { readQueueArn } from "../../control/lambda/queue-arns.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { LambdaCall } from "./call.ts";
import type { LambdaDoorParts } from "./door-parts.ts";

/**
 * Throws for queues that the principal could not send to itself: what a function is told to send there would go there for it. Who is not bounded to some apps may name any queue of
 * the tenant, also one that is still to come. @param arns undefined and empty ones, and those of something else, are passed over
 */
export async function refuseQueuesOfOthers(
  { eventSources: { queues } }: Pick<LambdaDoorParts, "eventSources">,
  { account, principal }: Pick<LambdaCall, "account" | "principal">,
  arns: readonly (string | undefined)[],
): Promise<void> {
  if (principal.apps === null) return;
  for (const arn of arns) {
    const named = arn === undefined ? undefined : readQueueArn(arn);
    if (named === undefined) continue;
    try {
      await queues.look({ tenant: account.tenant, name: named.name, apps: principal.apps, withShared: true });
    } catch (error) {
      if (error instanceof MayflyError && error.code === "no-such-queue") throw invalidValue(`The destination ARN ${arn} is invalid.`);
      throw error;
    }
  }
}
