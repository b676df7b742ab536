import type { NewMessage, Queue, SentMessage } from "../../../services/queues/queue.ts";
import type { SqsCall, SqsOperation } from "../call.ts";
import type { Input } from "../input.ts";
import { sequenceText } from "../../../services/queues/system-attributes.ts";
import { type Attributes, md5, md5OfAttributes } from "../../../services/queues/digests.ts";
import { readMessageAttributes, sizeOf, UNWRITABLE } from "../message-attributes.ts";
import { invalidParameter, missingParameter, SqsError } from "../sqs-error.ts";
import { batchAnswer, type Failed, failedEntry, readEntries } from "./batch.ts";

const MOST_BYTES = 1_048_576;

export const sendOperations: Readonly<Record<string, SqsOperation>> = {
  SendMessage: { right: "invoke", handle: send },
  SendMessageBatch: { right: "invoke", handle: sendBatch },
};

interface Checked extends NewMessage {
  system: Attributes;
}

async function send(call: SqsCall): Promise<Record<string, unknown>> {
  const queue = await call.look();
  const message = readMessage(call, call.input, queue);
  if (message.bytes > queue.maxBytes)
    throw invalidParameter(`One or more parameters are invalid. Reason: Message must be shorter than ${queue.maxBytes} bytes.`);
  if (UNWRITABLE.test(message.body)) throw unwritable();
  const [sent] = await call.queues.messages.send(call.ref(), [message]);
  return shown(queue, message, sent!);
}

async function sendBatch(call: SqsCall): Promise<Record<string, unknown>> {
  const queue = await call.look();
  const entries = readEntries(call.input, "SendMessageBatchRequestEntry").map(({ id, entry }) => ({
    id,
    message: readEntry(call, entry, queue),
  }));
  const bytes = entries.reduce((sum, { message }) => sum + message.bytes, 0);
  if (bytes > MOST_BYTES)
    throw new SqsError("BatchRequestTooLong", `Batch requests cannot be longer than ${MOST_BYTES} bytes. You have sent ${bytes} bytes.`);
  const failed: Failed[] = [];
  const good = entries.filter(({ id, message }) => {
    const error = refusal(message, queue);
    if (error !== undefined) failed.push(failedEntry(id, error));
    return error === undefined;
  });
  const messages = good.map(({ message }) => message);
  const sent = messages.length === 0 ? [] : await call.queues.messages.send(call.ref(), messages);
  const successful = good.map(({ id, message }, at) => Object.assign(shown(queue, message, sent[at]!), { Id: id }));
  return batchAnswer(successful, failed);
}

function refusal(message: Checked, { maxBytes }: Queue): SqsError | undefined {
  if (UNWRITABLE.test(message.body)) return unwritable();
  if (message.bytes <= maxBytes) return undefined;
  return invalidParameter(`One or more parameters cannot be validated. Reason: Message must be shorter than ${maxBytes} bytes.`);
}

function unwritable(): SqsError {
  return new SqsError(
    "InvalidMessageContents",
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
  );
}

/** In a batch, a missing group is told as a wrong value. */
function readEntry(call: SqsCall, entry: Input, queue: Queue): Checked {
  try {
    return readMessage(call, entry, queue);
  } catch (error) {
    if (error instanceof SqsError && error.name === "MissingRequiredParameterException") throw invalidParameter(error.message);
    throw error;
  }
}

function readMessage({ principal, trace }: SqsCall, input: Input, queue: Queue): Checked {
  const body = input.needed("MessageBody");
  const attributes = readMessageAttributes(input.structures("MessageAttributes"));
  const system = readMessageAttributes(input.structures("MessageSystemAttributes"), "system");
  const given = system["AWSTraceHeader"]?.value ?? trace;
  return {
    body,
    attributes,
    system,
    bytes: sizeOf(body, attributes),
    sender: principal.id,
    delayMs: readDelay(input, queue),
    ...readGroup(input, queue),
    ...(given !== undefined && { trace: given }),
  };
}

function readDelay(input: Input, { isFifo }: Queue): number | undefined {
  const seconds = input.integer("DelaySeconds");
  if (seconds === undefined) return undefined;
  const refused = (why: string) => invalidParameter(`Value ${seconds} for parameter DelaySeconds is invalid. Reason: ${why}`);
  if (seconds < 0 || seconds > 900) throw refused("DelaySeconds must be >= 0 and <= 900.");
  if (isFifo && seconds > 0) throw refused("The request include parameter that is not valid for this queue type.");
  return seconds * 1_000;
}

function readGroup(input: Input, { isFifo, contentDedup }: Queue): Pick<NewMessage, "group" | "dedupId"> {
  const group = readId(input, "MessageGroupId");
  const dedupId = readId(input, "MessageDeduplicationId");
  if (isFifo && group === undefined) throw missingParameter("MessageGroupId");
  if (isFifo && dedupId === undefined && !contentDedup)
    throw invalidParameter("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly");
  if (!isFifo && dedupId !== undefined)
    throw invalidParameter(
      `Value ${dedupId} for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.`,
    );
  return { ...(group !== undefined && { group }), ...(dedupId !== undefined && { dedupId }) };
}

function readId(input: Input, name: string): string | undefined {
  const text = input.text(name);
  if (text === undefined || /^[\x21-\x7e]{1,128}$/.test(text)) return text;
  throw invalidParameter(
    `Value ${text.slice(0, 1_000)} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

function shown({ isFifo }: Queue, { body, attributes, system }: Checked, { id, sequence }: SentMessage): Record<string, unknown> {
  const [ofAttributes, ofSystem] = [md5OfAttributes(attributes), md5OfAttributes(system)];
  return {
    MessageId: id,
    MD5OfMessageBody: md5(body),
    ...(ofAttributes !== undefined && { MD5OfMessageAttributes: ofAttributes }),
    ...(ofSystem !== undefined && { MD5OfMessageSystemAttributes: ofSystem }),
    ...(isFifo && { SequenceNumber: sequenceText(sequence) }),
  };
}
