import type { ReceivedMessage } from "./queue.ts";

/** What SQS tells receivers of a message besides its own attributes, by SQS's names. @param arnOf names a queue of the message's tenant */
export function systemAttributes(
  message: Omit<ReceivedMessage, "body" | "receipt">,
  isFifo: boolean,
  arnOf: (queue: string) => string,
): [name: string, value: string][] {
  const { sender, sentAt, receives, firstReceivedAt, group, dedupId, sequence, trace, from } = message;
  const all: Record<string, string | undefined> = {
    SenderId: sender,
    SentTimestamp: String(sentAt),
    ApproximateReceiveCount: String(receives),
    ApproximateFirstReceiveTimestamp: String(firstReceivedAt),
    MessageGroupId: group,
    MessageDeduplicationId: dedupId,
    SequenceNumber: isFifo ? sequenceText(sequence) : undefined,
    AWSTraceHeader: trace,
    DeadLetterQueueSourceArn: from === undefined ? undefined : arnOf(from),
  };
  return Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** AWS's have 20 digits. */
export function sequenceText(sequence: number): string {
  return String(sequence).padStart(20, "0");
}
