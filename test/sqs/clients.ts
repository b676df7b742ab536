/** SQS's two protocols: JSON by AWS's SDK, and the older one, which is signed and read here. Both give answers in the form of the recordings. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash, createHmac } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import * as sdk from "@aws-sdk/client-sqs";
import type { KeyPair } from "../lambda/key.ts";
import { asRecorded } from "../lambda/replay.ts";

export type Answer = Record<string, unknown>;
export type Input = Record<string, unknown>;

export interface Client {
  /** Rejects with a Failure. */
  call(operation: string, input: Input): Promise<Answer>;
}

export class Failure extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(JSON.stringify(answer));
    this.answer = answer;
  }
}

const region = "us-east-1";

type Command = new (input: Input) => never;

export function jsonClient(endpoint: string, credentials: KeyPair): Client & { close(): void } {
  const client = new sdk.SQSClient({ endpoint, region, credentials, maxAttempts: 1 });
  const failures = new AsyncLocalStorage<{ failure?: Answer }>();
  const handler = client.config.requestHandler;
  const handle: typeof handler.handle = async (request, own) => {
    const { response } = await handler.handle(request, own);
    if (response.statusCode >= 400) {
      const body = await buffer(response.body as Readable);
      failures.getStore()!.failure = jsonFailure(response.statusCode, response.headers, JSON.parse(body.toString()) as Answer);
      response.body = Readable.from([body]);
    }
    return { response };
  };
  client.config.requestHandler = Object.assign(Object.create(handler) as typeof handler, { handle });
  return {
    call: (operation, input) =>
      failures.run({}, async () => {
        const command = new (sdk as unknown as Record<string, Command>)[`${operation}Command`]!(input);
        try {
          return asRecorded(await client.send(command)) as Answer;
        } catch (error) {
          const { failure } = failures.getStore()!;
          throw failure === undefined ? error : new Failure(failure);
        }
      }),
    close: () => client.destroy(),
  };
}

/** Errors whose name in the query protocol is that of their model, so that clients show their members. */
const modelled = new Set(["InvalidAttributeName", "InvalidAttributeValue"]);

function jsonFailure(status: number, headers: Record<string, string>, body: Answer): Answer {
  const [Code, Type] = headers["x-amzn-query-error"]!.split(";");
  const Message = body["message"];
  const QueryErrorCode = String(body["__type"]).split("#")[1];
  return {
    Error: { Code, Message, QueryErrorCode, Type },
    ResponseMetadata: { HTTPStatusCode: status },
    ...(modelled.has(Code!) && { message: Message }),
  };
}

export function queryClient(endpoint: string, credentials: KeyPair): Client {
  return {
    async call(operation, input) {
      const form = new URLSearchParams({ Action: operation, Version: "2012-11-05" });
      flatten(form, operation, input);
      const body = form.toString();
      const response = await fetch(`${endpoint}/`, { method: "POST", headers: signed(endpoint, credentials, body), body });
      const root = parseXml(await response.text());
      const meta = { ResponseMetadata: { HTTPStatusCode: response.status } };
      if (response.status < 400) return { ...readResult(root, operation), ...meta };
      const { Code, Message, Type } = (root["ErrorResponse"] as { Error: Record<string, string> }).Error;
      throw new Failure({ Error: { Code, Detail: null, Message, Type }, ...meta });
    },
  };
}

const items: Readonly<Record<string, string>> = {
  AttributeNames: "AttributeName",
  MessageAttributeNames: "MessageAttributeName",
  MessageSystemAttributeNames: "MessageSystemAttributeName",
  TagKeys: "TagKey",
};

function flatten(form: URLSearchParams, operation: string, input: Input, prefix = ""): void {
  for (const [name, value] of Object.entries(input)) {
    if (Array.isArray(value))
      for (const [at, each] of (value as unknown[]).entries()) {
        const path = `${prefix}${items[name] ?? `${operation}RequestEntry`}.${at + 1}`;
        if (typeof each === "string") form.set(path, each);
        else flatten(form, operation, each as Input, `${path}.`);
      }
    else if (typeof value === "object" && value !== null)
      for (const [at, [key, each]] of Object.entries(value as Input).entries()) {
        const path = `${prefix}${name.replace(/s$/, "")}.${at + 1}`;
        form.set(`${path}.${name === "Tags" ? "Key" : "Name"}`, key);
        if (typeof each === "string") form.set(`${path}.Value`, each);
        else flatten(form, operation, each as Input, `${path}.Value.`);
      }
    else form.set(`${prefix}${name}`, String(value));
  }
}

function signed(endpoint: string, { accessKeyId, secretAccessKey }: KeyPair, body: string): Record<string, string> {
  const { host } = new URL(endpoint);
  const date = new Date().toISOString().replaceAll(/[:-]|\.\d{3}/g, "");
  const day = date.slice(0, 8);
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const type = "application/x-www-form-urlencoded; charset=utf-8";
  const canonical = [
    "POST",
    "/",
    "",
    `content-type:${type}`,
    `host:${host}`,
    `x-amz-date:${date}`,
    "",
    "content-type;host;x-amz-date",
    hash(body),
  ].join("\n");
  const scope = `${day}/${region}/sqs/aws4_request`;
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const key = ["aws4_request"].reduce(hmac, [region, "sqs"].reduce(hmac, hmac(`AWS4${secretAccessKey}`, day)));
  const signature = hmac(key, ["AWS4-HMAC-SHA256", date, scope, hash(canonical)].join("\n")).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=content-type;host;x-amz-date, Signature=${signature}`;
  return { "content-type": type, "x-amz-date": date, authorization };
}

export type Element = { [name: string]: Element | string | (Element | string)[] };

/** Elements of the same name become a list. */
export function parseXml(text: string): Element {
  const tokens = text.replace(/^<\?[^>]*\?>/, "").match(/<[^>]+>|[^<]+/g) ?? [];
  let at = 0;
  const read = (): Element | string => {
    const object: Element = {};
    let inner = "";
    for (; at < tokens.length; at++) {
      const token = tokens[at]!;
      if (token.startsWith("</")) break;
      if (!token.startsWith("<")) inner += token.replaceAll(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
      else {
        const name = /^<([\w.-]+)/.exec(token)![1]!;
        at++;
        const value = token.endsWith("/>") ? (at--, "") : read();
        const known = object[name];
        object[name] = known === undefined ? value : [...[known].flat(), value];
      }
    }
    return Object.keys(object).length > 0 ? object : inner;
  };
  return read() as Element;
}

function readResult(root: Element, operation: string): Answer {
  const result = (root[`${operation}Response`] as Element)[`${operation}Result`];
  return result === undefined || typeof result === "string" ? {} : readMembers(result as Element);
}

function readMembers(element: Element): Answer {
  return Object.fromEntries(
    Object.entries(element).map(([name, value]): [string, unknown] => {
      const list = [value].flat() as Element[];
      if (["Attribute", "MessageAttribute", "Tag"].includes(name))
        return [`${name}s`, Object.fromEntries(list.map((each) => [(each["Name"] ?? each["Key"]) as string, each["Value"]]))];
      if (name === "Message" && typeof value !== "string") return ["Messages", list.map(readMembers)];
      if (name === "QueueUrl" && Array.isArray(value)) return ["QueueUrls", value];
      if (name.endsWith("BatchResultEntry")) return ["Successful", list.map(readMembers)];
      if (name === "BatchResultErrorEntry") return ["Failed", list.map(readMembers)];
      return [name, value];
    }),
  );
}

export async function failureOf(call: Promise<unknown>): Promise<Answer> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error.answer;
  return assert.fail(`the call should have failed with an answer of the service: ${String(error)}`);
}
