/** Makes the calls of one recorded test, and compares each answer with the recorded one. */
import { setTimeout } from "node:timers/promises";
import { Placeholders } from "../lambda/compare.ts";
import type { Recording } from "../lambda/recordings.ts";
import { type Answer, type Client, Failure, failureOf, type Input } from "./clients.ts";

export interface ReplayParts {
  json: Client;
  query: Client;
  account: string;
  /** Of the server, without a trailing slash. */
  url: string;
}

/** In the recordings, these are the word "timestamp". */
const times = new Set(["SentTimestamp", "ApproximateFirstReceiveTimestamp", "CreatedTimestamp", "LastModifiedTimestamp", "timestamp"]);
/** What Mayfly has no encryption to say of, and a token whose form is the service's own. */
const uncompared = new Set(["SqsManagedSseEnabled", "NextToken"]);
let made = 0;

export class Replay {
  readonly json: Client;
  readonly query: Client;
  /** The protocol that the test's name says. */
  readonly client: Client;
  readonly parameters: readonly string[];
  readonly #parts: ReplayParts;
  readonly #recording: Recording;
  readonly #placeholders: Placeholders;
  readonly #open: Set<string>;
  readonly #differences: string[] = [];
  readonly #queues: string[] = [];

  constructor(parts: ReplayParts, name: string, recording: Recording) {
    this.#parts = parts;
    this.json = parts.json;
    this.query = parts.query;
    this.parameters = (/\[([^]*)\]$/.exec(name)?.[1] ?? "").split("-");
    this.client = this.parameters[0] === "sqs_query" ? parts.query : parts.json;
    this.#recording = recording;
    this.#placeholders = new Placeholders(parts.account);
    this.#open = new Set(Object.keys(recording));
  }

  name(isFifo = false): string {
    return `queue-${++made}${isFifo ? ".fifo" : ""}`;
  }

  async create(Attributes: Record<string, string> = {}, QueueName = this.name(Attributes["FifoQueue"] !== undefined)): Promise<string> {
    const { QueueUrl } = await this.json.call("CreateQueue", { QueueName, Attributes });
    if (!this.#queues.includes(String(QueueUrl))) this.#queues.push(String(QueueUrl));
    return String(QueueUrl);
  }

  fifo(more: Record<string, string> = {}): Promise<string> {
    return this.create({ FifoQueue: "true", ...more });
  }

  async arn(url: string): Promise<string> {
    const { Attributes } = await this.client.call("GetQueueAttributes", { QueueUrl: url, AttributeNames: ["QueueArn"] });
    return String((Attributes as Record<string, string>)["QueueArn"]);
  }

  call(operation: string, input: Input): Promise<Answer> {
    return this.client.call(operation, input);
  }

  send(QueueUrl: string, MessageBody: string, more: Input = {}): Promise<Answer> {
    return this.call("SendMessage", { QueueUrl, MessageBody, ...more });
  }

  receive(QueueUrl: string, more: Input = {}): Promise<Answer> {
    return this.call("ReceiveMessage", { QueueUrl, ...more });
  }

  async receiveOne(QueueUrl: string, more: Input = {}): Promise<unknown> {
    return ((await this.receive(QueueUrl, more))["Messages"] as unknown[])[0];
  }

  async delete(QueueUrl: string, received: Answer, at = 0): Promise<Answer> {
    return this.call("DeleteMessage", { QueueUrl, ReceiptHandle: receiptIn(received, at) });
  }

  attributes(QueueUrl: string): Promise<Answer> {
    return this.call("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
  }

  pass(seconds: number): Promise<void> {
    return setTimeout(seconds * 1_000);
  }

  match(name: string, answer: unknown): void {
    if (!this.#open.delete(name)) this.#differences.push(`${name} was not recorded, or was compared already`);
    else {
      const recorded = this.#comparable(this.#recording[name]);
      this.#differences.push(...this.#placeholders.differences(recorded, this.#comparable(answer)).map((each) => `${name}${each}`));
    }
  }

  async matchFailure(name: string, call: Promise<unknown>, isDetailed = true): Promise<void> {
    const answer = await failureOf(call);
    const { Detail: _detail, QueryErrorCode: _code, ...error } = answer["Error"] as Answer;
    this.match(name, isDetailed ? answer : { ...answer, Error: { ...error, ...(this.client === this.json && { QueryErrorCode: _code }) } });
  }

  async end(): Promise<string[]> {
    for (const QueueUrl of this.#queues)
      await this.json.call("DeleteQueue", { QueueUrl }).catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
      });
    return [...this.#differences, ...[...this.#open].map((name) => `${name} was recorded, and was not compared`)];
  }

  #comparable(value: unknown): unknown {
    if (typeof value === "string") {
      if (value.startsWith("{")) return JSON.parse(value);
      return value.replaceAll(this.#parts.url, "http://sqs.us-east-1.localhost.localstack.cloud:4566");
    }
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((each) => this.#comparable(each));
    const kept = Object.entries(value).filter(([key]) => !uncompared.has(key));
    return Object.fromEntries(kept.map(([key, each]) => [key, times.has(key) ? "timestamp" : this.#comparable(each)]));
  }
}

export function receiptIn({ Messages }: Answer, at = 0): string {
  return (Messages as { ReceiptHandle: string }[])[at]!.ReceiptHandle;
}
