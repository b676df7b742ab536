/** A queue whose messages a function gets in batches. */
import type { Queue, QueueRef, ReceivedMessage } from "../../services/queues/queue.ts";
import type { Outcome } from "../performer.ts";
import type { BatchFailures } from "./batch-failures.ts";

export interface QueueSource {
  queue: QueueRef;
  /** The queue itself. Rejects if there is none, and is asked again later. */
  look(): Promise<Pick<Queue, "visibilityMs">>;
  /** The queue's ARN, and the region in it, as records of messages name them. */
  arn: string;
  region: string;
  /** Messages of a batch, at most. */
  batchSize: number;
  /** How long a batch waits for more messages after its first one, milliseconds; 0: it has what is there. */
  windowMs: number;
  /** Batches that run at the same time, at most. */
  most: number;
  /** Whether the function gets the message. Those that it does not get are deleted. May throw if that takes too much work to find out: then the function gets it. */
  wants(record: QueueRecord): boolean;
  /** Which messages the function could not handle, as its result says. @param ids of the batch */
  failures(result: Uint8Array, ids: ReadonlySet<string>): BatchFailures;
  /** Calls the function once. Must not reject. @param traces those that messages of the batch belong to, each once, in their order: headers X-Amzn-Trace-Id */
  perform(payload: Buffer, traces: readonly string[]): Promise<Outcome>;
}

/** A message as AWS Lambda hands it to functions. */
export interface QueueRecord {
  messageId: string;
  receiptHandle: string;
  body: string;
  attributes: Record<string, string>;
  messageAttributes: Record<string, RecordAttribute>;
  md5OfMessageAttributes?: string;
  md5OfBody: string;
  eventSource: "aws:sqs";
  eventSourceARN: string;
  awsRegion: string;
}

export interface RecordAttribute {
  stringValue?: string;
  binaryValue?: string;
  stringListValues: [];
  binaryListValues: [];
  dataType: string;
}

export interface HeldMessage {
  message: ReceivedMessage;
  record: QueueRecord;
}
