/** Queues as what rules and schedules start, and as where goes what they give up: each message is an event first, so that it is sent until the queue has taken it. */
import { readQueueArn } from "../../control/lambda/queue-arns.ts";
import type { Lane, NewEvent } from "../../events/event.ts";
import { newId } from "../../events/new-event-id.ts";
import type { QueueAbout } from "../../events/queue-performer.ts";
import type { TargetKind } from "../aws/target-kinds.ts";

const RETRY = { attempts: 10, maxAgeMs: 86_400_000, waitMs: 1_000, mostWaitMs: 300_000 };

export const queueTarget: TargetKind = {
  accountIn: (arn) => readQueueArn(arn)?.account,
  event({ tenant }, arn, { payload, source, more }): NewEvent {
    const group = more?.["MessageGroupId"];
    const about: QueueAbout = { ofRule: true, ...(typeof group === "string" && { group }) };
    return { lane: laneOf(tenant, arn), id: newId(), payload, about, source, trace: { traceparent: "", tracestate: "" }, retry: RETRY };
  },
  deadLetters({ tenant }, arn) {
    const about: QueueAbout = { ofRule: true, isDeadLetter: true };
    return { lane: laneOf(tenant, arn), about };
  },
};

function laneOf(tenant: string, arn: string): Lane {
  return { performer: "queue", app: tenant, target: readQueueArn(arn)!.name };
}
