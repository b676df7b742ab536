/** The attributes of queues, as SQS names and writes them, and the settings that they stand for. */
import type { Queue, QueueCounts, QueueSettings } from "../../services/queues/queue.ts";
import type { Account } from "../../control/lambda/names.ts";
import { queueArn, readQueueArn } from "../../control/lambda/queue-arns.ts";
import { invalidParameter, SqsError } from "./sqs-error.ts";

interface NumberAttribute {
  key: "delayMs" | "maxBytes" | "retentionMs" | "waitMs" | "visibilityMs";
  from: number;
  to: number;
  /** What one of its unit is in the setting's. */
  unit: number;
}

const numbers: Readonly<Record<string, NumberAttribute>> = {
  DelaySeconds: { key: "delayMs", from: 0, to: 900, unit: 1_000 },
  MaximumMessageSize: { key: "maxBytes", from: 1_024, to: 1_048_576, unit: 1 },
  MessageRetentionPeriod: { key: "retentionMs", from: 60, to: 1_209_600, unit: 1_000 },
  ReceiveMessageWaitTimeSeconds: { key: "waitMs", from: 0, to: 20, unit: 1_000 },
  VisibilityTimeout: { key: "visibilityMs", from: 0, to: 43_200, unit: 1_000 },
};

const THROUGHPUT = "FifoThroughputLimit";

/** Which attribute a setting of a queue that is there differs in. */
const names: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(numbers).map(([name, { key }]) => [key, name])),
  isFifo: "FifoQueue",
  contentDedup: "ContentBasedDeduplication",
  dedupScope: "DeduplicationScope",
  deadLetters: "RedrivePolicy",
  takesFrom: "RedriveAllowPolicy",
  notes: THROUGHPUT,
};

export function attributeOf(setting: string): string {
  return names[setting] ?? setting;
}

/** @param isFifo whether the queue is, or is to be, a FIFO queue */
export function readAttributes(attributes: ReadonlyMap<string, string>, account: Account, isFifo: boolean): Partial<QueueSettings> {
  const settings: Partial<QueueSettings> = {};
  for (const [name, value] of attributes) {
    const number = Object.hasOwn(numbers, name) ? numbers[name] : undefined;
    if (number !== undefined) settings[number.key] = readNumber(name, value, number);
    else readOther(settings, name, value, account, isFifo);
  }
  return settings;
}

function readOther(settings: Partial<QueueSettings>, name: string, value: string, account: Account, isFifo: boolean): void {
  switch (name) {
    case "FifoQueue":
      if (!isFifo) throw unknown(name);
      if (!isTrue(name, value)) throw invalidValue(name, "Modifying queue type is not supported.");
      settings.isFifo = true;
      return;
    case "ContentBasedDeduplication":
      if (!isFifo) throw unknown(name);
      settings.contentDedup = isTrue(name, value);
      return;
    case "DeduplicationScope":
      onlyFifo(name, isFifo);
      settings.dedupScope = oneOf(name, value, { queue: "queue", messageGroup: "group" } as const);
      return;
    case THROUGHPUT:
      onlyFifo(name, isFifo);
      settings.notes = { [THROUGHPUT]: oneOf(name, value, { perQueue: "perQueue", perMessageGroupId: "perMessageGroupId" } as const) };
      return;
    case "RedrivePolicy":
      settings.deadLetters = value === "" ? null : readRedrive(value, account);
      return;
    case "RedriveAllowPolicy":
      settings.takesFrom = value === "" ? null : readAllow(value);
      return;
    case "SqsManagedSseEnabled":
      if (isTrue(name, value)) throw unencrypted(name);
      return;
    case "KmsMasterKeyId":
      if (value !== "") throw unencrypted(name);
      return;
    case "KmsDataKeyReusePeriodSeconds":
      return;
    case "Policy":
      if (value !== "")
        throw invalidValue(name, "Policies of queues are not supported on this server; keys of its principals say who may do what.");
      return;
    default:
      throw unknown(name);
  }
}

function readNumber(name: string, text: string, { from, to, unit }: NumberAttribute): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(number >= from && number <= to)) throw new SqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
  return number * unit;
}

function readRedrive(text: string, { account }: Account): QueueSettings["deadLetters"] {
  const refused = (why: string) => invalidParameter(`Value ${text.slice(0, 500)} for parameter RedrivePolicy is invalid. Reason: ${why}`);
  const { deadLetterTargetArn: arn, maxReceiveCount: count } = parsed(text, refused);
  if (arn === undefined) throw refused("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.");
  if (count === undefined) throw refused("Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  const maxReceives = Number(count);
  if (!Number.isInteger(maxReceives) || maxReceives < 1 || maxReceives > 1_000)
    throw refused("Invalid value for maxReceiveCount: must be an integer between 1 and 1000.");
  const named = typeof arn === "string" ? readQueueArn(arn) : undefined;
  if (named === undefined || named.account !== account) throw refused("Dead letter target does not exist.");
  return { queue: named.name, maxReceives };
}

function readAllow(text: string): QueueSettings["takesFrom"] {
  const refused = (why: string) =>
    invalidParameter(`Value ${text.slice(0, 500)} for parameter RedriveAllowPolicy is invalid. Reason: ${why}`);
  const { redrivePermission: permission, sourceQueueArns: arns } = parsed(text, refused);
  if (permission === "allowAll") return null;
  if (permission === "denyAll") return [];
  const isList =
    Array.isArray(arns) && arns.length >= 1 && arns.length <= 10 && arns.every((each) => readQueueArn(String(each)) !== undefined);
  if (permission !== "byQueue" || !isList)
    throw refused("Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.");
  return arns.map((each) => readQueueArn(String(each))!.name);
}

function parsed(text: string, refused: (why: string) => SqsError): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw refused("Redrive policy is not a valid JSON map.");
}

function isTrue(name: string, value: string): boolean {
  return oneOf(name, value.toLowerCase(), { true: true, false: false } as const);
}

function oneOf<T>(name: string, value: string, allowed: Readonly<Record<string, T>>): T {
  if (!Object.hasOwn(allowed, value)) throw new SqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
  return allowed[value]!;
}

function onlyFifo(name: string, isFifo: boolean): void {
  if (!isFifo) throw new SqsError("InvalidAttributeName", `You can specify the ${name} only when FifoQueue is set to true.`);
}

function unknown(name: string): SqsError {
  return new SqsError("InvalidAttributeName", `Unknown Attribute ${name.slice(0, 100)}.`);
}

function invalidValue(name: string, why: string): SqsError {
  return new SqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}. Reason: ${why}`);
}

function unencrypted(name: string): SqsError {
  return invalidValue(name, "This server does not encrypt messages: the disk of its state folder may.");
}

/** All attributes, in the order of AWS's answers. */
export function showAttributes(queue: Queue & QueueCounts, account: Account): Map<string, string> {
  const shown = new Map<string, string>([
    ["QueueArn", queueArn(account, queue.name)],
    ["ApproximateNumberOfMessages", String(queue.visible)],
    ["ApproximateNumberOfMessagesNotVisible", String(queue.inFlight)],
    ["ApproximateNumberOfMessagesDelayed", String(queue.delayed)],
    ["CreatedTimestamp", String(Math.floor(queue.createdAt / 1_000))],
    ["LastModifiedTimestamp", String(Math.floor(queue.changedAt / 1_000))],
    ["SqsManagedSseEnabled", "false"],
  ]);
  for (const [name, { key, unit }] of Object.entries(numbers)) shown.set(name, String(queue[key] / unit));
  if (queue.deadLetters !== null) {
    const { queue: name, maxReceives } = queue.deadLetters;
    shown.set("RedrivePolicy", JSON.stringify({ deadLetterTargetArn: queueArn(account, name), maxReceiveCount: maxReceives }));
  }
  if (queue.takesFrom !== null) shown.set("RedriveAllowPolicy", JSON.stringify(shownAllow(queue.takesFrom, account)));
  if (!queue.isFifo) return shown;
  shown.set("FifoQueue", "true");
  shown.set("ContentBasedDeduplication", String(queue.contentDedup));
  shown.set("DeduplicationScope", queue.dedupScope === "group" ? "messageGroup" : "queue");
  shown.set(THROUGHPUT, queue.notes[THROUGHPUT] ?? "perQueue");
  return shown;
}

function shownAllow(sources: readonly string[], account: Account): object {
  if (sources.length === 0) return { redrivePermission: "denyAll" };
  return { redrivePermission: "byQueue", sourceQueueArns: sources.map((name) => queueArn(account, name)) };
}

export function isAttribute(name: string): boolean {
  return Object.hasOwn(numbers, name) || others.has(name);
}

const others = new Set(
  (
    "All Policy QueueArn ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesDelayed CreatedTimestamp LastModifiedTimestamp " +
    "RedrivePolicy RedriveAllowPolicy FifoQueue ContentBasedDeduplication DeduplicationScope FifoThroughputLimit KmsMasterKeyId KmsDataKeyReusePeriodSeconds SqsManagedSseEnabled"
  ).split(" "),
);
