/** AWS's SDK for S3, with answers in the form of the recordings, which were made by AWS's SDK for Python. */
import { AsyncLocalStorage } from "node:async_hooks";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import * as sdk from "@aws-sdk/client-s3";
import type { KeyPair } from "../lambda/key.ts";
import { asRecorded } from "../lambda/replay.ts";
import { type Answer, type Element, Failure, type Input, parseXml } from "../sqs/clients.ts";

type Command = new (input: Input) => never;
/** What the client saw of the last answer of a call. */
interface Seen {
  status: number;
  xml: string;
}

/** The SDK for Python asks for encoded keys in these listings and decodes them, if a caller says nothing about it. */
const decoded = new Set(["ListObjects", "ListObjectsV2", "ListObjectVersions"]);
const keys = new Set(["Key", "Prefix", "Marker", "NextMarker", "KeyMarker", "NextKeyMarker", "Delimiter", "StartAfter"]);
/** Numbers for the SDK for Python, and texts for that for JavaScript. */
const numbers = new Set(["PartNumberMarker", "NextPartNumberMarker"]);
/** By the status of an answer that has no document, for example to HEAD. */
const reasons: Readonly<Record<number, string>> = {
  304: "Not Modified",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  412: "Precondition Failed",
  416: "Range Not Satisfiable",
};

export class Client {
  readonly #client: sdk.S3Client;
  readonly #options: sdk.S3ClientConfig;
  readonly #others: Client[] = [];
  readonly #seen = new AsyncLocalStorage<Seen>();

  constructor(endpoint: string, credentials: KeyPair, options: sdk.S3ClientConfig = {}) {
    this.#options = { endpoint, region: "us-east-1", forcePathStyle: true, credentials, maxAttempts: 1, ...options };
    this.#client = new sdk.S3Client(this.#options);
    // The SDK for JavaScript names a type for every body, that for Python only the caller's.
    this.#client.middlewareStack.add(
      (next) => async (args) => {
        const { input, request } = args as { input: Input; request: { headers: Record<string, string> } };
        if (input["Key"] !== undefined && input["ContentType"] === undefined) delete request.headers["content-type"];
        return next(args);
      },
      { step: "build", priority: "low" },
    );
    const handler = this.#client.config.requestHandler;
    const handle: typeof handler.handle = async (request, own) => {
      const { response } = await handler.handle(request, own);
      const seen = this.#seen.getStore()!;
      seen.status = response.statusCode;
      if (response.statusCode >= 300 || String(response.headers["content-type"]).endsWith("xml")) {
        const body = await buffer(response.body as Readable);
        seen.xml = body.toString();
        response.body = Readable.from([body]);
      }
      return { response };
    };
    this.#client.config.requestHandler = Object.assign(Object.create(handler) as typeof handler, { handle });
  }

  /** Another client, which is closed with this one. */
  with(options: sdk.S3ClientConfig): Client {
    const other = new Client(this.#options.endpoint as string, this.#options.credentials as KeyPair, options);
    this.#others.push(other);
    return other;
  }

  /** Rejects with a Failure. */
  async call(operation: string, input: Input): Promise<Answer> {
    const isDecoded = decoded.has(operation) && input["EncodingType"] === undefined;
    const { answer } = await this.#send(operation, isDecoded ? { ...input, EncodingType: "url" } : input);
    return (isDecoded ? decode(answer) : answer) as Answer;
  }

  /** The answer's document as it was sent. */
  async document(operation: string, input: Input): Promise<unknown> {
    const { seen } = await this.#send(operation, input);
    return documentOf(seen.xml);
  }

  close(): void {
    for (const other of this.#others) other.close();
    this.#client.destroy();
  }

  #send(operation: string, input: Input): Promise<{ answer: Answer; seen: Seen }> {
    const seen: Seen = { status: 0, xml: "" };
    return this.#seen.run(seen, async () => {
      const command = new (sdk as unknown as Record<string, Command>)[`${operation}Command`]!(input);
      try {
        const { Body, ...rest } = (await this.#client.send(command)) as { Body?: { transformToString(): Promise<string> } };
        const answer = shaped(asRecorded(rest)) as Answer;
        return { answer: Body === undefined ? answer : { ...answer, Body: await Body.transformToString() }, seen };
      } catch (error) {
        throw seen.status < 300 ? error : failureOf(seen);
      }
    });
  }
}

export function documentOf(xml: string): unknown {
  return unescaped(parseXml(xml));
}

function failureOf({ status, xml }: Seen): Failure {
  const ResponseMetadata = { HTTPStatusCode: status };
  if (xml === "") return new Failure({ Error: { Code: String(status), Message: reasons[status] }, ResponseMetadata });
  const { RequestId: _request, HostId: _host, ...Error } = (documentOf(xml) as { Error: Answer }).Error;
  return new Failure({ Error, ResponseMetadata });
}

const entities: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&" };

function unescaped(value: Element[string] | Element): unknown {
  if (value === "") return null;
  if (typeof value === "string") return value.replaceAll(/&\w+;/g, (entity) => entities[entity] ?? entity);
  if (Array.isArray(value)) return value.map(unescaped);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, unescaped(each)]));
}

function decode(value: unknown): unknown {
  return changed(value, (name, each) => (keys.has(name) ? decodeURIComponent(each.replaceAll("+", " ")) : each));
}

function shaped(value: unknown): unknown {
  return changed(value, (name, each) => (numbers.has(name) ? Number(each) : each));
}

/** With other texts. */
function changed(value: unknown, change: (name: string, text: string) => unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((each) => changed(each, change));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, typeof each === "string" ? change(name, each) : changed(each, change)]),
  );
}
