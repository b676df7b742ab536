import type { Queue, ReceivedMessage, ReceiptOutcome } from "../../../services/queues/queue.ts";
import type { SqsCall, SqsOperation } from "../call.ts";
import type { Input } from "../input.ts";
import { systemAttributes } from "../../../services/queues/system-attributes.ts";
import { md5, md5OfAttributes } from "../../../services/queues/digests.ts";
import { chosen, showAttribute } from "../message-attributes.ts";
import { queueArn } from "../../../control/lambda/queue-arns.ts";
import { invalidParameter, missingParameter, SqsError } from "../sqs-error.ts";
import { batchAnswer, type Failed, failedEntry, readEntries } from "./batch.ts";

export const receiveOperations: Readonly<Record<string, SqsOperation>> = {
  ReceiveMessage: { right: "invoke", handle: receive },
  DeleteMessage: {
    right: "invoke",
    async handle(call) {
      const receipt = call.input.needed("ReceiptHandle");
      const [outcome] = await call.queues.messages.delete(call.ref(), [receipt]);
      const error = deleteRefusal(outcome!, receipt);
      if (error !== undefined) throw error;
      return {};
    },
  },
  DeleteMessageBatch: {
    right: "invoke",
    async handle(call) {
      const entries = readEntries(call.input, "DeleteMessageBatchRequestEntry").map(({ id, entry }) => ({
        id,
        receipt: entry.needed("ReceiptHandle"),
      }));
      const receipts = entries.map(({ receipt }) => receipt);
      return eachOf(entries, await call.queues.messages.delete(call.ref(), receipts), deleteRefusal);
    },
  },
  ChangeMessageVisibility: {
    right: "invoke",
    async handle(call) {
      const change = readChange(call.input);
      const [outcome] = await call.queues.messages.hide(call.ref(), [change]);
      const error = hideRefusal(outcome!, change.receipt);
      if (error !== undefined) throw error;
      return {};
    },
  },
  ChangeMessageVisibilityBatch: {
    right: "invoke",
    async handle(call) {
      const entries = readEntries(call.input, "ChangeMessageVisibilityBatchRequestEntry").map(({ id, entry }) =>
        Object.assign(readChange(entry), { id }),
      );
      return eachOf(entries, await call.queues.messages.hide(call.ref(), entries), hideRefusal);
    },
  },
};

function eachOf(
  entries: readonly { id: string; receipt: string }[],
  outcomes: readonly ReceiptOutcome[],
  refusal: (outcome: ReceiptOutcome, receipt: string) => SqsError | undefined,
): Record<string, unknown> {
  const failed: Failed[] = [];
  const successful: { Id: string }[] = [];
  for (const [at, { id, receipt }] of entries.entries()) {
    const error = refusal(outcomes[at]!, receipt);
    if (error === undefined) successful.push({ Id: id });
    else failed.push(failedEntry(id, error));
  }
  return batchAnswer(successful, failed);
}

/** A message that is gone already is as good as deleted. */
function deleteRefusal(outcome: ReceiptOutcome, receipt: string): SqsError | undefined {
  if (outcome === "invalid") return noReceipt(receipt);
  return outcome === "expired" ? wrongReceipt(receipt, "The receipt handle has expired.") : undefined;
}

function hideRefusal(outcome: ReceiptOutcome, receipt: string): SqsError | undefined {
  if (outcome === "invalid") return noReceipt(receipt);
  if (outcome === "done") return undefined;
  return wrongReceipt(receipt, "Message does not exist or is not available for visibility timeout change.");
}

function noReceipt(receipt: string): SqsError {
  return new SqsError("ReceiptHandleIsInvalid", `The input receipt handle "${receipt.slice(0, 1_000)}" is not a valid receipt handle.`);
}

function wrongReceipt(receipt: string, why: string): SqsError {
  return invalidParameter(`Value ${receipt} for parameter ReceiptHandle is invalid. Reason: ${why}`);
}

function readChange(input: Input): { receipt: string; visibilityMs: number } {
  const receipt = input.needed("ReceiptHandle");
  const visibilityMs = readSeconds(input, "VisibilityTimeout", 43_200);
  if (visibilityMs === undefined) throw missingParameter("VisibilityTimeout");
  return { receipt, visibilityMs };
}

/** Milliseconds; undefined if it is not given. */
function readSeconds(input: Input, name: string, most: number): number | undefined {
  const seconds = input.integer(name);
  if (seconds !== undefined && (seconds < 0 || seconds > most))
    throw invalidParameter(`Value ${seconds} for parameter ${name} is invalid. Reason: Must be >= 0 and <= ${most}, if provided.`);
  return seconds === undefined ? undefined : seconds * 1_000;
}

async function receive(call: SqsCall): Promise<Record<string, unknown>> {
  const { input, queues } = call;
  const most = input.integer("MaxNumberOfMessages") ?? 1;
  if (most < 1 || most > 10)
    throw invalidParameter(`Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`);
  const waitMs = readSeconds(input, "WaitTimeSeconds", 20);
  const visibilityMs = readSeconds(input, "VisibilityTimeout", 43_200);
  const queue = await call.look();
  const wanted = { system: systemNames(call), attributes: input.texts("MessageAttributeNames") };
  const messages = await queues.messages.receive(call.ref(), { most, waitMs, visibilityMs, signal: call.left() });
  return messages.length === 0 ? {} : { Messages: messages.map((message) => shown(call, queue, message, wanted)) };
}

/** The older protocol has AttributeNames alone; where a client of it sends both, the older name counts. */
function systemNames({ input, isQuery }: SqsCall): string[] {
  const [older, newer] = [input.texts("AttributeNames"), input.texts("MessageSystemAttributeNames")];
  return isQuery && older.length > 0 ? older : [...older, ...newer];
}

function shown(
  call: SqsCall,
  queue: Queue,
  message: ReceivedMessage,
  wanted: { system: string[]; attributes: string[] },
): Record<string, unknown> {
  const attributes = chosen(message.attributes, wanted.attributes);
  const digest = md5OfAttributes(attributes);
  const system = systemAttributes(message, queue.isFifo, (name) => queueArn(call.account, name)).filter(
    ([name]) => wanted.system.includes("All") || wanted.system.includes(name),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(digest !== undefined && {
      MD5OfMessageAttributes: digest,
      MessageAttributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, showAttribute(value)])),
    }),
  };
}
