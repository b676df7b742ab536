/** Requests that no client of AWS's sends so, with signatures in the URL or in a form, made here as AWS's documentation says. */
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http";
import { text as textOf } from "node:stream/consumers";
import type { KeyPair } from "../lambda/key.ts";

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface ToPresign {
  method?: string;
  /** Of the bucket. */
  bucket: string;
  key: string;
  query?: Readonly<Record<string, string>>;
  /** What is signed with it, and must be sent. */
  headers?: Readonly<Record<string, string>>;
  /** Seconds. */
  expires?: number;
  at?: Date;
}

export type Fields = Record<string, string>;

const AREA = "us-east-1/s3/aws4_request";
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const stamp = (at: Date) => at.toISOString().replaceAll(/[-:]|\.\d+/g, "");
const escaped = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
const pathOf = (bucket: string, key: string) => `/${bucket}/${key.split("/").map(escaped).join("/")}`;
const queryOf = (entries: [string, string][]) => entries.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join("&");

export class Signing {
  readonly endpoint: string;
  readonly #keys: KeyPair;

  constructor(endpoint: string, keys: KeyPair) {
    this.endpoint = endpoint;
    this.#keys = keys;
  }

  /** By Signature V4. */
  url({ method = "GET", bucket, key, query = {}, headers = {}, expires = 60, at = new Date() }: ToPresign): string {
    const all: Record<string, string> = { ...headers, host: new URL(this.endpoint).host };
    const names = Object.keys(all).toSorted();
    const entries = Object.entries({
      ...query,
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": this.#credential(at),
      "X-Amz-Date": stamp(at),
      "X-Amz-Expires": String(expires),
      "X-Amz-SignedHeaders": names.join(";"),
    });
    const sorted = queryOf(entries.toSorted(([a], [b]) => (escaped(a) < escaped(b) ? -1 : 1)));
    const lines = names.map((name) => `${name}:${all[name]}\n`).join("");
    const path = pathOf(bucket, key);
    const canonical = [method, path, sorted, lines, names.join(";"), "UNSIGNED-PAYLOAD"].join("\n");
    const digest = createHash("sha256").update(canonical).digest("hex");
    const text = ["AWS4-HMAC-SHA256", stamp(at), `${stamp(at).slice(0, 8)}/${AREA}`, digest].join("\n");
    return `${this.endpoint}${path}?${sorted}&X-Amz-Signature=${hmac(this.#key(at), text).toString("hex")}`;
  }

  /** By Signature V2, in which the headers of S3 may stand in the query. */
  oldUrl({ method = "GET", bucket, key, query = {}, headers = {}, expires = 60, at = new Date() }: ToPresign): string {
    const until = String(Math.floor(at.getTime() / 1000) + expires);
    const own = Object.entries(query).filter(([name]) => name.startsWith("x-amz-"));
    const lines = own.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${value}\n`);
    const others = Object.entries(query).filter(([name]) => name.startsWith("response-"));
    const resource = pathOf(bucket, key) + (others.length === 0 ? "" : `?${others.map(([name, value]) => `${name}=${value}`).join("&")}`);
    const text = [method, headers["content-md5"] ?? "", headers["content-type"] ?? "", until, lines.join("") + resource].join("\n");
    const signature = createHmac("sha1", this.#keys.secretAccessKey).update(text).digest("base64");
    const entries = Object.entries({ ...query, AWSAccessKeyId: this.#keys.accessKeyId, Signature: signature, Expires: until });
    return `${this.endpoint}${pathOf(bucket, key)}?${queryOf(entries)}`;
  }

  /**
   * What a form must hold.
   * @param conditions of its policy, besides those of its own fields
   * @param fields that stand before
   */
  form(key: string, conditions: unknown[], fields: Fields = {}, expires = 60): Fields {
    const at = new Date();
    const own = { "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": this.#credential(at), "x-amz-date": stamp(at) };
    const policy = policyOf(key, [...conditions, ...Object.entries(own).map(([name, value]) => ({ [name]: value }))], expires);
    return { ...fields, key, ...own, policy, "x-amz-signature": hmac(this.#key(at), policy).toString("hex") };
  }

  /** By Signature V2. */
  oldForm(key: string, conditions: unknown[]): Fields {
    const policy = policyOf(key, conditions, 60);
    const signature = createHmac("sha1", this.#keys.secretAccessKey).update(policy).digest("base64");
    return { key, AWSAccessKeyId: this.#keys.accessKeyId, policy, signature };
  }

  /** @param file the content of a file, or of a field of this name */
  async post(bucket: string, fields: Fields, file: string, isFile = true): Promise<Reply> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    if (isFile) form.append("file", new File([file], "file"));
    else form.append("file", file);
    const response = await fetch(`${this.endpoint}/${bucket}`, { method: "POST", body: form });
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
  }

  /** With no header of its own but the content's length; fetch() adds some. */
  async send(method: string, url: string, headers: Readonly<Record<string, string>> = {}, body = ""): Promise<Reply> {
    const length = method === "GET" ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = httpRequest(url, { method, headers: { ...length, ...headers } });
    sent.end(body);
    const [reply] = (await once(sent, "response")) as [IncomingMessage];
    return { status: reply.statusCode!, headers: reply.headers, text: await textOf(reply) };
  }

  #credential(at: Date): string {
    return `${this.#keys.accessKeyId}/${stamp(at).slice(0, 8)}/${AREA}`;
  }

  #key(at: Date): Buffer {
    const steps = [stamp(at).slice(0, 8), ...AREA.split("/")];
    return steps.reduce<Buffer | string>((key, step) => hmac(key, step), `AWS4${this.#keys.secretAccessKey}`) as Buffer;
  }
}

function policyOf(key: string, conditions: unknown[], expires: number): string {
  const keyOf = key.includes("${") ? ["starts-with", "$key", key.slice(0, key.indexOf("${"))] : { key };
  const expiration = new Date(Date.now() + expires * 1000).toISOString();
  return Buffer.from(JSON.stringify({ expiration, conditions: [...conditions, keyOf] })).toString("base64");
}
