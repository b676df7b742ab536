/**
 * Makes the calls of one recorded test through AWS's SDK, and compares each answer with the recorded one. A script is a function that gets a Replay: it calls
 * `lambda.send()` and hands what it gets to match(), under the name that the recording has for it.
 */
import assert from "node:assert/strict";
import {
  GetFunctionCommand,
  type GetFunctionCommandOutput,
  GetFunctionConfigurationCommand,
  type GetFunctionConfigurationCommandOutput,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  DeleteFunctionCommand,
  LambdaClient,
  type LambdaClientConfig,
} from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { until } from "../../src/base/clock/until.ts";
import { Placeholders } from "./compare.ts";
import type { Recording } from "./recordings.ts";
import { zip } from "./zip.ts";

export interface ReplayServer {
  /** Where the Lambda API answers. */
  url: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** Of the functions that this key's principal has. */
  account: string;
  /** A key of another tenant. */
  neighbour: { credentials: ReplayServer["credentials"]; account: string };
  /** Lets an app use a queue of the tenant's. */
  share?(queue: string, app: string): Promise<void>;
}

/** A function as GetFunction shows it, with what it always has. */
export interface ShownFunction extends GetFunctionCommandOutput {
  Configuration: NonNullable<GetFunctionCommandOutput["Configuration"]> & { FunctionArn: string; RevisionId: string; CodeSha256: string };
  Code: { Location: string };
}

/** By the names of recorded tests. */
export type Scripts = Readonly<Record<string, (replay: Replay) => Promise<void>>>;

/** The same script for each of some parameters, as pytest names them. */
export function forEach<T extends string>(
  test: string,
  parameters: readonly T[],
  script: (replay: Replay, parameter: T) => Promise<void>,
): Scripts {
  return Object.fromEntries(parameters.map((each) => [`${test}[${each}]`, (replay: Replay) => script(replay, each)]));
}

export const region = "us-east-1";
let made = 0;

export class Replay {
  readonly lambda: LambdaClient;
  readonly account: string;
  readonly neighbour: { lambda: LambdaClient; account: string };
  readonly region: string = region;
  readonly role: string;
  readonly #server: ReplayServer;
  readonly #recording: Recording;
  readonly #uncompared: ReadonlySet<string>;
  readonly #placeholders: Placeholders;
  readonly #open: Set<string>;
  readonly #differences: string[] = [];
  readonly #cleanUps: (() => Promise<unknown>)[] = [];
  #sqs: SQSClient | undefined;
  #lastFailure: Buffer = Buffer.alloc(0);

  /** @param uncompared keys that are left out, wherever they are in it */
  constructor(server: ReplayServer, recording: Recording, uncompared: readonly string[] = []) {
    this.#server = server;
    this.#recording = without(recording, new Set(uncompared)) as Recording;
    this.#uncompared = new Set(uncompared);
    this.account = server.account;
    this.role = `arn:aws:iam::${server.account}:role/lambda-role-${++made}`;
    this.#placeholders = new Placeholders(server.account);
    this.#open = new Set(Object.keys(this.#recording));
    this.lambda = this.client({ region });
    const { account, credentials } = server.neighbour;
    this.neighbour = { account, lambda: this.client({ region, credentials }) };
  }

  /** A client of the same key, for example of another region. */
  client(options: LambdaClientConfig): LambdaClient {
    const { url, credentials } = this.#server;
    const client = new LambdaClient({ endpoint: url, credentials, maxAttempts: 1, ...options });
    const handler = client.config.requestHandler;
    const handle: typeof handler.handle = async (request, own) => {
      const { response } = await handler.handle(request, own);
      if (response.statusCode >= 400) {
        this.#lastFailure = await buffer(response.body as Readable);
        response.body = Readable.from([this.#lastFailure]);
      }
      return { response };
    };
    client.config.requestHandler = Object.assign(Object.create(handler) as typeof handler, { handle });
    return client;
  }

  /** A name that no other test has. */
  name(prefix: string): string {
    return `${prefix}-${++made}`;
  }

  arn(name: string): string {
    return `arn:aws:lambda:${region}:${this.account}:function:${name}`;
  }

  /** A client of SQS's API with the same key. */
  get sqs(): SQSClient {
    const { url, credentials } = this.#server;
    return (this.#sqs ??= new SQSClient({ endpoint: url, region, credentials, maxAttempts: 1 }));
  }

  /** Lets an app use a queue of the tenant's. */
  async share(queue: string, app: string): Promise<void> {
    await this.#server.share!(queue, app);
  }

  /** How many messages a queue has, of all sorts. */
  async messagesOf(QueueUrl: string): Promise<number> {
    const { Attributes = {} } = await this.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
    return Number(Attributes["ApproximateNumberOfMessages"]) + Number(Attributes["ApproximateNumberOfMessagesNotVisible"]);
  }

  /** What was recorded under this name. */
  recorded(name: string): unknown {
    return this.#recording[name];
  }

  defer(cleanUp: () => Promise<unknown>): void {
    this.#cleanUps.push(cleanUp);
  }

  /** Compares an answer of the SDK's, or anything else, with what was recorded under this name. */
  match(name: string, answer: unknown): void {
    if (!this.#open.delete(name)) this.#differences.push(`${name} was not recorded, or was compared already`);
    else
      this.#differences.push(
        ...this.#placeholders
          .differences(this.#recording[name], without(asRecorded(answer), this.#uncompared))
          .map((each) => `${name}${each}`),
      );
  }

  /** The answer to a call that must fail, in the form in which failures were recorded. */
  async failure(call: Promise<unknown>): Promise<object> {
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof Error, "the call should have failed");
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === undefined) throw error;
    const body = JSON.parse(this.#lastFailure.toString()) as Record<string, unknown>;
    const members = unmodelled.has(error.name) ? {} : body;
    return {
      Error: { Code: error.name, Message: body["message"] ?? body["Message"] ?? null },
      ...members,
      ResponseMetadata: { HTTPStatusCode: status },
    };
  }

  /** Whether there is a recorded answer of this name that nothing was compared with yet. */
  expects(name: string): boolean {
    return this.#open.has(name);
  }

  /** Makes a change and looks at the function, until it was seen while the change was under way. */
  async untilUnderWay<T extends { seen: ShownFunction }>(change: () => Promise<T>, name: string): Promise<T> {
    for (;;) {
      const result = await change();
      if (result.seen.Configuration.LastUpdateStatus === "InProgress") return result;
      await this.updated(name);
    }
  }

  async matchFailure(name: string, call: Promise<unknown>): Promise<void> {
    this.match(name, await this.failure(call));
  }

  /** As most recordings make a function: it is waited for, and removed at the end. */
  async create(name: string, options: Partial<CreateFunctionCommandInput> = {}): Promise<object> {
    const created = await this.createPlain(name, { Handler: "handler.handler", Timeout: 30, Environment: { Variables: {} }, ...options });
    return { CreateEventSourceMappingResponse: null, CreateFunctionResponse: created };
  }

  /** With no more settings than the options name. */
  async createPlain(name: string, options: Partial<CreateFunctionCommandInput> = {}): Promise<object> {
    const input: CreateFunctionCommandInput = {
      FunctionName: name,
      Role: this.role,
      Runtime: "python3.12",
      Handler: "index.handler",
      Code: { ZipFile: pythonEcho(`${name} ${++made}`) },
      ...options,
    };
    this.defer(() => this.lambda.send(new DeleteFunctionCommand({ FunctionName: name })));
    const answer = await this.lambda.send(new CreateFunctionCommand(input));
    await this.active(name);
    return asRecorded(answer) as object;
  }

  /** Resolves when the function, or the version, can be called. */
  async active(name: string, qualifier?: string): Promise<void> {
    await this.#settled(name, qualifier, ({ State }) => State !== "Pending");
  }

  /** Resolves when the last change of the function has ended. */
  async updated(name: string, qualifier?: string): Promise<void> {
    await this.#settled(name, qualifier, ({ LastUpdateStatus }) => LastUpdateStatus !== "InProgress");
  }

  async #settled(
    name: string,
    Qualifier: string | undefined,
    isDone: (shown: GetFunctionConfigurationCommandOutput) => boolean,
  ): Promise<void> {
    const command = () => new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier });
    await until(async () => isDone(await this.lambda.send(command())));
  }

  async get(name: string, Qualifier?: string): Promise<ShownFunction> {
    return (await this.lambda.send(new GetFunctionCommand({ FunctionName: name, Qualifier }))) as ShownFunction;
  }

  /** Removes what the script has made, and returns what differed from the recording. */
  async end(): Promise<string[]> {
    for (const cleanUp of this.#cleanUps.toReversed()) await cleanUp().catch(() => undefined);
    this.lambda.destroy();
    this.#sqs?.destroy();
    this.neighbour.lambda.destroy();
    return [...this.#differences, ...[...this.#open].map((name) => `${name} was recorded, and was not compared`)];
  }
}

/** AWS's models of the service do not name them, so that clients show nothing of them but code and message. */
const unmodelled = new Set(["ValidationException", "AccessDeniedException", "RequestEntityTooLargeException"]);

function without(value: unknown, keys: ReadonlySet<string>): unknown {
  if (keys.size === 0 || typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((each) => without(each, keys));
  const kept = Object.entries(value).filter(([key]) => !keys.has(key));
  return Object.fromEntries(kept.map(([key, each]) => [key, without(each, keys)]));
}

/** An answer of AWS's SDK for JavaScript in the form of the recordings. */
export function asRecorded(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null || !("$metadata" in answer)) return answer;
  const { $metadata, ...rest } = answer as { $metadata: { httpStatusCode?: number } };
  return { ...rest, ResponseMetadata: { HTTPStatusCode: $metadata.httpStatusCode } };
}

/** @param salt makes it another zip file than others */
export function pythonEcho(salt: string, file = "handler.py"): Buffer {
  const code = `def handler(event, context):\n    return event\n# ${salt}\n`;
  return zip([
    { name: file, content: code },
    { name: "index.py", content: code },
  ]);
}

export function nodeEcho(salt: string): Buffer {
  const code = `exports.handler = async (event) => event;\n// ${salt}\n`;
  return zip([
    { name: "index.js", content: code },
    { name: "lambda_handler.js", content: code },
  ]);
}
