/** What a trigger's function gets when the trigger is fired by hand: made up, but of the form of what its sender sends. */
import { randomUUID } from "node:crypto";
import { mainTenant } from "../base/ids/new-id.ts";
import type { BusEvent } from "../events/bus/bus.ts";
import { recordOf } from "../events/sources/queue-records.ts";
import type { BucketChangePayload } from "./bucket-triggers.ts";
import { accountOf } from "./lambda/names.ts";
import { queueArn } from "./lambda/queue-arns.ts";
import type { ManifestTrigger } from "../store/catalog/trigger-schema.ts";

/** Of the six bytes "sample". */
const SAMPLE_ETAG = "5e8ff9bf55ba3508199d22e984129be6";

type FromOutside = Exclude<ManifestTrigger, { schedule: string }>;

/** @param now wall clock, ms */
export function samplePayload(trigger: FromOutside, now: number): unknown {
  if ("kv" in trigger) return { kv: trigger.kv, type: "put", key: `${trigger.prefix ?? ""}sample`, version: 1, bytes: 6, metadata: null };
  if ("cloudEvents" in trigger) return cloudEvent(now);
  if ("queue" in trigger) return messages(trigger.queue, now);
  if ("bucket" in trigger) return bucketChange(trigger, now);
  if ("event" in trigger) return busEvent(trigger.event.pattern, now);
  const seconds = Math.floor(now / 1_000);
  const id = randomUUID();
  switch (trigger.webhook) {
    case "github":
      return webhook("github", id, "ping", { zen: "Design for failure.", hook_id: 1, repository: { full_name: "octocat/sample" } });
    case "stripe":
      return webhook("stripe", `evt_${id}`, "payment_intent.succeeded", {
        id: `evt_${id}`,
        object: "event",
        type: "payment_intent.succeeded",
        created: seconds,
        livemode: false,
        data: { object: { id: "pi_sample", object: "payment_intent", amount: 2_000, currency: "eur", status: "succeeded" } },
      });
    case "slack":
      return webhook("slack", `Ev${id}`, "message", {
        type: "event_callback",
        event_id: `Ev${id}`,
        event_time: seconds,
        team_id: "T0SAMPLE",
        event: { type: "message", channel: "C0SAMPLE", user: "U0SAMPLE", text: "A sample", ts: `${seconds}.000100` },
      });
    default:
      return webhook("standard", `msg_${id}`, "sample.created", {
        type: "sample.created",
        timestamp: new Date(now).toISOString(),
        data: { id: "sample" },
      });
  }
}

function webhook(name: string, id: string, type: string, body: unknown): unknown {
  return { webhook: name, id, type, headers: {}, body };
}

function messages(queue: string, now: number): unknown {
  const id = randomUUID();
  const times = { sentAt: now, firstReceivedAt: now, receives: 1 };
  const message = { id, sequence: 1, body: '{"sample":true}', attributes: {}, receipt: "sample", ...times };
  const account = { tenant: mainTenant, account: accountOf(mainTenant), region: "us-east-1" };
  return { Records: [recordOf(message, { arn: queueArn(account, queue), region: account.region })] };
}

/** Of the first kind of change that the trigger asks for. */
function bucketChange(
  { bucket, events, prefix = "", suffix = "" }: Extract<FromOutside, { bucket: string }>,
  now: number,
): BucketChangePayload {
  const key = `${prefix}sample${suffix}`;
  const object = { key, sequencer: "0000000000000001", ...(events[0] === "created" && { size: 6, eTag: SAMPLE_ETAG }) };
  const record = {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "us-east-1",
    eventTime: new Date(now).toISOString(),
    eventName: events[0] === "created" ? "ObjectCreated:Put" : "ObjectRemoved:Delete",
    s3: { s3SchemaVersion: "1.0", bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` }, object },
  };
  const about = { bucket, type: events[0]!, key, time: record.eventTime };
  return { ...about, ...(events[0] === "created" && { bytes: 6, etag: SAMPLE_ETAG }), Records: [record] };
}

function cloudEvent(now: number): unknown {
  return {
    specversion: "1.0",
    id: randomUUID(),
    source: "/sample",
    type: "sample.created",
    time: new Date(now).toISOString(),
    datacontenttype: "application/json",
    data: { id: "sample" },
  };
}

/** What the pattern asks for by a plain value is as it asks for it. */
function busEvent({ source, "detail-type": type }: Record<string, unknown>, now: number): BusEvent {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": plainIn(type) ?? "Sample",
    source: plainIn(source) ?? "sample",
    account: "000000000000",
    time: `${new Date(now).toISOString().slice(0, 19)}Z`,
    region: "us-east-1",
    resources: [],
    detail: { id: "sample" },
  };
}

function plainIn(rules: unknown): string | undefined {
  const [first] = Array.isArray(rules) ? (rules as unknown[]) : [];
  return typeof first === "string" ? first : undefined;
}
