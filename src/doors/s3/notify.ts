/** Tells functions, triggers, queues and the tenant's event bus of changes of buckets, each at least once. */
import { MayflyError } from "../../base/errors/error.ts";
import type { BucketChangePayload, BucketTriggers } from "../../control/bucket-triggers.ts";
import { accountOf } from "../../control/lambda/names.ts";
import { readQueueArn } from "../../control/lambda/queue-arns.ts";
import { DEFAULT_BUS } from "../../events/bus/bus.ts";
import type { Buses } from "../../events/bus/buses.ts";
import type { Notice } from "../../services/objects/object.ts";
import type { QueueRef } from "../../services/queues/queue.ts";
import type { Queues } from "../../services/queues/queues.ts";
import { traceHeaderOf } from "../../telemetry/traces/trace-header.ts";
import type { FromServices } from "../lambda/invoke/from-services.ts";
import { busEventOf } from "./bus-event.ts";
import { notificationEvent } from "./notification-record.ts";
import { EVENT_BUS, type NotificationAsker, type NotificationTargets } from "./notification-targets.ts";

interface NotifyParts {
  functions: FromServices;
  queues: Pick<Queues, "look" | "messages">;
  buses: Pick<Buses, "publish">;
  triggers: Pick<BucketTriggers, "deliver">;
}

export interface Notifying {
  targets: NotificationTargets;
  /** Resolves once the receiver has the notice durably, or is gone. */
  deliver: (notice: Notice) => Promise<void>;
}

/** Receivers of messages are told that they were sent by this. */
const SENDER = "s3.amazonaws.com";

export function notifying({ functions, queues, buses, triggers }: NotifyParts): Notifying {
  async function send(ref: QueueRef, body: string, id: string, trace?: string): Promise<void> {
    const { isFifo } = await queues.look(ref);
    // A queue may have become one of FIFO since the bucket was told of it.
    const ordered = isFifo ? { group: SENDER, dedupId: id } : {};
    await queues.messages.send(ref, [{ body, attributes: {}, bytes: Buffer.byteLength(body), sender: SENDER, trace, ...ordered }]);
  }

  async function toQueue(notice: Notice): Promise<void> {
    const { target, tenant, seq } = notice;
    const ref = queueIn(target, { tenant, app: undefined });
    if (ref === undefined) return;
    await send(ref, JSON.stringify(notificationEvent(notice)), `object ${seq}`, traceHeaderOf(notice.author?.trace)).catch(
      (error: unknown) => {
        if (!isGone(error)) throw error;
      },
    );
  }

  async function toBus(notice: Notice): Promise<void> {
    const event = busEventOf(notice);
    if (event === undefined) return;
    const [published] = await buses.publish(notice.tenant, [{ bus: DEFAULT_BUS, event, trace: notice.author?.trace }]);
    if (published?.is === "refused") throw new Error(`The event bus did not take the change of a bucket: ${published.why}`);
  }

  async function problemOfQueue(arn: string, asker: NotificationAsker): Promise<readonly [string, string] | undefined> {
    const missing = [arn, "The destination queue does not exist"] as const;
    const ref = queueIn(arn, asker);
    if (ref === undefined) return missing;
    try {
      return (await queues.look(ref)).isFifo ? [arn, "The destination queue must not be a FIFO queue"] : undefined;
    } catch (error) {
      if (isGone(error)) return missing;
      throw error;
    }
  }

  return {
    targets: {
      async problemOf(arn, asker) {
        const service = serviceOf(arn);
        if (service === "sqs") return problemOfQueue(arn, asker);
        if (service !== "lambda") return [arn, "The destination topic does not exist"];
        return functions.knows(arn, asker) ? undefined : [`${arn}, null`, `Not authorized to invoke function [${arn}]`];
      },
      async greet(arn, asker, text) {
        const ref = serviceOf(arn) === "sqs" ? queueIn(arn, asker) : undefined;
        if (ref !== undefined) await send(ref, text, "test");
      },
    },
    async deliver(notice) {
      const { target, tenant, bucket, seq, author } = notice;
      if (target === EVENT_BUS) return toBus(notice);
      if (await triggers.deliver(notice, (name) => payloadOf(notice, name))) return;
      if (serviceOf(target) === "sqs") return toQueue(notice);
      const payload = Buffer.from(JSON.stringify(notificationEvent(notice)));
      const key = `object ${seq} ${target}`;
      await functions.send(target, tenant, { payload, source: { kind: "object", name: bucket }, key, trace: traceHeaderOf(author?.trace) });
    },
  };
}

/** @param name the bucket's, as the function's app knows it */
function payloadOf(notice: Notice, name: string): BucketChangePayload {
  const { at, event, key, size, etag, version } = notice;
  const isCreated = event.startsWith("ObjectCreated:");
  return {
    bucket: name,
    type: isCreated ? "created" : "removed",
    key,
    time: new Date(at).toISOString(),
    ...(isCreated && { bytes: size, etag }),
    ...(version !== undefined && { version }),
    ...notificationEvent({ ...notice, bucket: name }),
  };
}

function serviceOf(arn: string): string | undefined {
  return arn.split(":", 3)[2];
}

/** Undefined: the ARN names none of the tenant. */
function queueIn(arn: string, { tenant, app }: NotificationAsker): QueueRef | undefined {
  const named = readQueueArn(arn);
  if (named === undefined || named.account !== accountOf(tenant)) return undefined;
  return { tenant, name: named.name, ...(app !== undefined && { apps: [app], withShared: true }) };
}

function isGone(error: unknown): boolean {
  return error instanceof MayflyError && error.code === "no-such-queue";
}
