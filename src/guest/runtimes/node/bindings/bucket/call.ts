/** Requests of a bucket to the host's S3, over the machine's own channel. They use none of the globals that an app may have replaced, such as fetch. */
import type { Agent, IncomingMessage } from "node:http";
import { within } from "./xml.ts";

const HOST = "s3.services.mayfly.internal";
/** Connections that are kept for further requests. */
const CONNECTIONS = 32;

let agent: Agent | null = null;

/** @param query with its "?", or nothing @throws TypeError if the key is none */
export function pathOf(bucket: string, key: string, query = ""): string {
  if (typeof key !== "string" || key === "") throw new TypeError("An object's key is a text that is not empty");
  return `/${encodeURIComponent(bucket)}/${key.split("/").map(encodeURIComponent).join("/")}${query}`;
}

/** Resolves with the reply's head, whatever its status. */
export function send(method: string, path: string, headers: Record<string, string> = {}, body?: Buffer): Promise<IncomingMessage> {
  // An app without bindings does not pay for it.
  const http = process.getBuiltinModule("node:http");
  agent ??= new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const length = body === undefined ? {} : { "content-length": String(body.length) };
  const request = http.request({ host: HOST, agent, method, path, headers: { ...headers, ...length } }, resolve);
  request.on("error", reject);
  request.end(body);
  return promise;
}

/** Sends, and reads the reply to its end. @throws Error of the reply if its status is 300 or more, or it has an error in spite of its status */
export async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer,
): Promise<{ response: IncomingMessage; text: string }> {
  const response = await send(method, path, headers, body);
  const answer = await collect(response);
  const text = answer.toString();
  if (response.statusCode! >= 300 || text.includes("<Error>")) throw errorOf(response.statusCode!, answer);
  return { response, text };
}

export async function collect(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function errorOf(status: number, answer: Buffer): Error & { code?: string } {
  const text = answer.toString();
  const code = within(text, "Code");
  const message = within(text, "Message") || `The service answered with the status ${status}.`;
  return Object.assign(new Error(message), { status, ...(code !== "" && { code }) });
}

export function unquoted(text = ""): string {
  return text.replaceAll(/^"|"$/g, "");
}
