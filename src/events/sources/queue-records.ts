import { type Attributes, isBinary, md5, md5OfAttributes } from "../../services/queues/digests.ts";
import type { ReceivedMessage } from "../../services/queues/queue.ts";
import { systemAttributes } from "../../services/queues/system-attributes.ts";
import type { QueueRecord, QueueSource, RecordAttribute } from "./queue-source.ts";

/** The record of a message, in the shape that AWS Lambda has for messages of SQS. */
export function recordOf(message: ReceivedMessage, { arn, region }: Pick<QueueSource, "arn" | "region">): QueueRecord {
  const digest = md5OfAttributes(message.attributes);
  const place = arn.slice(0, arn.lastIndexOf(":"));
  return {
    messageId: message.id,
    receiptHandle: message.receipt,
    body: message.body,
    attributes: Object.fromEntries(systemAttributes(message, arn.endsWith(".fifo"), (name) => `${place}:${name}`)),
    messageAttributes: shown(message.attributes),
    ...(digest !== undefined && { md5OfMessageAttributes: digest }),
    md5OfBody: md5(message.body),
    eventSource: "aws:sqs",
    eventSourceARN: arn,
    awsRegion: region,
  };
}

function shown(attributes: Attributes): Record<string, RecordAttribute> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      { [isBinary(type) ? "binaryValue" : "stringValue"]: value, stringListValues: [], binaryListValues: [], dataType: type },
    ]),
  );
}

/**
 * What patterns are compared with: the record, with a body that is JSON as a value. So a pattern for the fields of a body fits no body that is a plain text, and the other way
 * round.
 */
export function comparable(record: QueueRecord): unknown {
  if (!/^\s*[[{]/.test(record.body)) return record;
  try {
    return { ...record, body: JSON.parse(record.body) as unknown };
  } catch {
    return record;
  }
}
