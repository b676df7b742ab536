/**
 * `export default { queue(batch, env, ctx) }`, which gets the messages of queues in the shape of Cloudflare's MessageBatch. What the handler does not acknowledge, because it
 * throws or says retry(), comes again: its result names those messages as AWS Lambda's functions do.
 */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import { CONTENT_TYPE } from "../bindings/queue.ts";
import type { FetchContext } from "./fetch-context.ts";

export type QueueHandler = (batch: MessageBatch, env: Record<string, unknown>, ctx: FetchContext) => unknown;

/** A message as the host hands it over. */
interface QueueRecord {
  messageId: string;
  body: string;
  attributes: { SentTimestamp: string; ApproximateReceiveCount: string; MessageGroupId?: string };
  messageAttributes: Record<string, { stringValue?: string }>;
  eventSource: string;
  eventSourceARN: string;
}

interface RetryOptions {
  /** Up to 12 hours. */
  delaySeconds?: number;
}

const MOST_DELAY_S = 43_200;

export class Message {
  readonly id: string;
  readonly timestamp: Date;
  readonly body: unknown;
  /** How often it was received, this time included. */
  readonly attempts: number;
  /** Of a FIFO queue. */
  readonly group: string | undefined;
  /** Undefined: neither was said. */
  isAcknowledged: boolean | undefined;
  /** After how many seconds it comes again. */
  delaySeconds: number | undefined;

  constructor({ messageId, body, attributes, messageAttributes }: QueueRecord) {
    this.id = messageId;
    this.timestamp = new Date(Number(attributes.SentTimestamp));
    this.attempts = Number(attributes.ApproximateReceiveCount);
    this.group = attributes.MessageGroupId;
    this.body = valueOf(body, messageAttributes[CONTENT_TYPE]?.stringValue);
  }

  ack(): void {
    this.isAcknowledged ??= true;
  }

  /** It comes again when the queue's visibility time is over, or after a time of its own. */
  retry({ delaySeconds }: RetryOptions = {}): void {
    if (delaySeconds !== undefined && !(delaySeconds >= 0 && delaySeconds <= MOST_DELAY_S))
      throw new RangeError(`delaySeconds must be 0 to ${MOST_DELAY_S}, and is ${delaySeconds}`);
    if (this.isAcknowledged === undefined) this.delaySeconds = delaySeconds;
    this.isAcknowledged ??= false;
  }
}

export class MessageBatch {
  readonly queue: string;
  readonly messages: readonly Message[];

  constructor(records: readonly QueueRecord[]) {
    this.queue = records[0]!.eventSourceARN.replace(/^.*:/, "");
    this.messages = records.map((record) => new Message(record));
  }

  ackAll(): void {
    for (const message of this.messages) message.ack();
  }

  retryAll(options: RetryOptions = {}): void {
    for (const message of this.messages) message.retry(options);
  }
}

/** The messages in an event's payload; undefined if it is one of something else. */
export function recordsIn(payload: Buffer): QueueRecord[] | undefined {
  try {
    const { Records } = JSON.parse(payload.toString()) as { Records?: QueueRecord[] };
    return Array.isArray(Records) && Records[0]?.eventSource === "aws:sqs" ? Records : undefined;
  } catch {
    return undefined;
  }
}

export async function runQueue(
  invocation: Invocation,
  records: readonly QueueRecord[],
  call: (batch: MessageBatch) => unknown,
  failures: Failures,
): Promise<void> {
  const batch = new MessageBatch(records);
  try {
    await call(batch);
  } catch (error) {
    // If some were acknowledged before, only the others come again, and the error is in the log.
    if (!batch.messages.some(({ isAcknowledged }) => isAcknowledged === true)) return failures.threw(invocation, error);
    failures.afterwards(invocation, error);
    for (const message of batch.messages) message.retry();
  }
  const batchItemFailures = batch.messages
    .filter(({ isAcknowledged }) => isAcknowledged === false)
    .map(({ id, delaySeconds }) => ({ itemIdentifier: id, delaySeconds }));
  invocation.reply(200, [], JSON.stringify({ batchItemFailures }));
}

/** JSON as a value. What other senders have sent is JSON or a plain text. */
function valueOf(body: string, type: string | undefined): unknown {
  if (type === "text") return body;
  if (type === "bytes") return new Uint8Array(Buffer.from(body, "base64")).buffer;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
