/** Makes the calls of one recorded test of S3, and compares each answer with the recorded one. */
import { Placeholders } from "../lambda/compare.ts";
import type { Recording } from "../lambda/recordings.ts";
import { type Answer, type Client as QueueClient, failureOf, type Input } from "../sqs/clients.ts";
import { type Client, documentOf } from "./client.ts";
import type { Reply, Signing } from "./signing.ts";

export type Script = (it: Replay) => Promise<void>;
export type Scripts = Readonly<Record<string, Script>>;

export interface ReplayParts {
  client: Client;
  signing: Signing;
  queues: QueueClient;
  account: string;
}

/** Mayfly encrypts what it is asked to and does not say that it did otherwise, and has nothing that moves objects to another storage class. */
const uncompared = new Set([
  "ServerSideEncryption",
  "x-amz-server-side-encryption",
  "TransitionDefaultMinimumObjectSize",
  // Documents are read without their names' spaces.
  "@xmlns",
]);
/** What some recordings have in the place of any value. */
const anyValue = new Set([
  "owner-id",
  "i-d",
  "display-name",
  "bucket",
  "continuation-token",
  "next-continuation-token",
  "last-modified",
  "x-amz-id-2",
  "x-amz-request-id",
  "amz-id",
  "amz-request-id",
  "sequencer",
  "version-id",
  "<expiration>",
  "<string-to-sign>",
  "<canonical-request>",
]);
let made = 0;

export class Replay {
  readonly client: Client;
  readonly signing: Signing;
  readonly queues: QueueClient;
  /** In the brackets of the test's name. */
  readonly parameter: string;
  /** Of the buckets' owner. */
  readonly account: string;
  readonly #recording: Recording;
  readonly #placeholders: Placeholders;
  readonly #open: Set<string>;
  readonly #differences: string[] = [];

  constructor({ client, signing, queues, account }: ReplayParts, name: string, recording: Recording) {
    this.client = client;
    this.signing = signing;
    this.queues = queues;
    this.account = account;
    this.parameter = /\[([^]*)\]$/.exec(name)?.[1] ?? "";
    this.#recording = recording;
    this.#placeholders = new Placeholders(account);
    this.#open = new Set(Object.keys(recording));
  }

  /** A name that no other test has. */
  name(): string {
    return `bucket-of-tests-${++made}`;
  }

  async create(options: Input = {}): Promise<string> {
    const Bucket = this.name();
    await this.call("CreateBucket", { Bucket, ...options });
    return Bucket;
  }

  async createVersioned(): Promise<string> {
    const bucket = await this.create();
    await this.version(bucket, "Enabled");
    return bucket;
  }

  version(Bucket: string, Status?: string): Promise<Answer> {
    return this.call("PutBucketVersioning", { Bucket, VersioningConfiguration: { Status } });
  }

  call(operation: string, input: Input): Promise<Answer> {
    return this.client.call(operation, input);
  }

  put(Bucket: string, Key: string, Body: string | Uint8Array = "", more: Input = {}): Promise<Answer> {
    return this.call("PutObject", { Bucket, Key, Body, ...more });
  }

  match(name: string, answer: unknown): void {
    if (!this.#open.delete(name)) this.#differences.push(`${name} was not recorded, or was compared already`);
    else {
      const recorded = comparable(this.#recording[name], true);
      this.#differences.push(...this.#placeholders.differences(recorded, comparable(answer, false)).map((each) => `${name}${each}`));
    }
  }

  /** Makes a call and compares its answer. */
  ask(name: string, operation: string, input: Input): Promise<Answer> {
    return this.askBy(this.client, name, operation, input);
  }

  async askBy(client: Client, name: string, operation: string, input: Input): Promise<Answer> {
    const answer = await client.call(operation, input);
    this.match(name, answer);
    return answer;
  }

  /** Makes a call that must be refused, and compares the error. */
  refused(name: string, operation: string, input: Input): Promise<void> {
    return this.refusedBy(this.client, name, operation, input);
  }

  async refusedBy(client: Client, name: string, operation: string, input: Input): Promise<void> {
    this.match(name, await failureOf(client.call(operation, input)));
  }

  /** Compares an answer's document, and its status where that was recorded. */
  answered(name: string, { status, text }: Reply): void {
    const document = text === "" ? {} : (documentOf(text) as object);
    this.match(name, { ...document, ...this.recordedOf(name, { StatusCode: status }) });
  }

  /** The fields that were recorded. */
  recordedOf(name: string, fields: object): object {
    return Object.fromEntries(Object.entries(fields).filter(([field]) => Object.hasOwn(this.#recording[name] as object, field)));
  }

  /** Leaves one recorded answer out; the script says why. */
  leave(name: string): void {
    this.#open.delete(name);
  }

  end(): string[] {
    return [...this.#differences, ...[...this.#open].map((name) => `${name} was recorded, and was not compared`)];
  }
}

/** Without the display name of an account, which AWS has left out since 2025 and older clients read; and grants in an order, since AWS's own means nothing. */
function plain(key: string, value: unknown): unknown {
  if (key === "Grants") return (value as object[]).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (key !== "Owner" && key !== "Grantee") return value;
  const { DisplayName: _name, ...rest } = value as Record<string, unknown>;
  return rest;
}

function comparable(value: unknown, isRecorded: boolean): unknown {
  if (isRecorded && typeof value === "string" && anyValue.has(value)) return "datetime";
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((each) => comparable(each, isRecorded));
  const kept = Object.entries(value).filter(([key]) => !uncompared.has(key));
  return Object.fromEntries(kept.map(([key, each]) => [key, comparable(plain(key, each), isRecorded)]));
}
