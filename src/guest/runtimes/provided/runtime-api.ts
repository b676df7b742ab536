/**
 * AWS Lambda's Runtime API, version 2018-06-01, for one program: the HTTP server on the machine's own address that it asks for invocations. What comes
 * from the program is not trusted: paths, ids, bodies and headers are checked and bounded, and none of it can end the agent.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the program may do. Each answers the response itself. */
export interface ApiHandlers {
  next(call: ApiCall): void;
  initError(call: ApiCall): void;
  restoreNext(call: ApiCall): void;
  restoreError(call: ApiCall): void;
  response(call: ApiCall, id: string): void;
  error(call: ApiCall, id: string): void;
}

export interface ApiCall {
  request: IncomingMessage;
  response: ServerResponse;
}

/** An error of the API as AWS words it. */
export interface ApiError {
  status: number;
  errorType: string;
  errorMessage: string;
}

export const noSuchId: ApiError = { status: 400, errorType: "InvalidRequestID", errorMessage: "Invalid request ID" };
const noSuchPath: ApiError = { status: 404, errorType: "NotFound", errorMessage: "The Runtime API has no such path" };

const ROOT = "/2018-06-01/runtime/";
const ABOUT_INVOCATION = /^invocation\/([^/]+)\/(response|error)$/;
/** Runtimes may send what X-Ray is to be told of an error as a header of up to 1 MiB. It is ignored. */
const HEAD_BYTES = 1_114_112;
/** Far more than AWS_LAMBDA_MAX_CONCURRENCY asks for. */
const MOST_CONNECTIONS = 2_048;

/** Resolves with the server when it listens on a port of its own. */
export async function openRuntimeApi(handlers: ApiHandlers): Promise<RuntimeApi> {
  // The module is loaded here because machines of other runtimes can do without it.
  const http = process.getBuiltinModule("node:http");
  const options = { maxHeaderSize: HEAD_BYTES, keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 };
  const server = http.createServer(options, (request, response) => route({ request, response }, handlers));
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return new RuntimeApi(server);
}

export class RuntimeApi {
  readonly #server: Server;
  /** For the variable AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;

  constructor(server: Server) {
    this.#server = server;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function route(call: ApiCall, handlers: ApiHandlers): void {
  const { request, response } = call;
  request.on("error", () => request.destroy());
  response.on("error", () => response.destroy());
  const [path] = (request.url ?? "").split("?", 1) as [string];
  const what = path.startsWith(ROOT) ? path.slice(ROOT.length) : "";
  if (request.method === "GET" && what === "invocation/next") return handlers.next(call);
  if (request.method === "GET" && what === "restore/next") return handlers.restoreNext(call);
  if (request.method !== "POST") return refuse(call, noSuchPath);
  if (what === "init/error") return handlers.initError(call);
  if (what === "restore/error") return handlers.restoreError(call);
  const [, id, kind] = ABOUT_INVOCATION.exec(what) ?? [];
  if (id === undefined) return refuse(call, noSuchPath);
  if (kind === "response") handlers.response(call, decoded(id));
  else handlers.error(call, decoded(id));
}

export function accept({ response }: ApiCall): void {
  answer(response, 202, { status: "OK" });
}

export function refuse({ request, response }: ApiCall, { status, ...error }: ApiError): void {
  discard(request);
  answer(response, status, error);
}

/**
 * Answers before the request's body is complete. Its rest is read, but only for a while: a program that goes on for longer finds its connection closed.
 */
export function answerEarly(call: ApiCall, error?: ApiError): void {
  const { request } = call;
  const timer = setTimeout(() => request.destroy(), EARLY_MS).unref();
  request.once("close", () => clearTimeout(timer));
  if (error === undefined) {
    discard(request);
    accept(call);
  } else refuse(call, error);
}

/** Milliseconds. */
const EARLY_MS = 2_000;

function discard(request: IncomingMessage): void {
  request.removeAllListeners("data");
  request.resume();
}

function answer(response: ServerResponse, status: number, document: object): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id; // no invocation has such an id
  }
}

/** Collects a request's body. Calls `done` once: with the bytes, with "too-large", or with "cut" if the connection ended before the body did. */
export function collect(request: IncomingMessage, limit: number, done: (body: Buffer | "too-large" | "cut") => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let over = false;
  const end = (result: Buffer | "too-large" | "cut") => {
    if (over) return;
    over = true;
    done(result);
  };
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit) return end("too-large");
    if (!over) chunks.push(chunk);
  });
  // What the program printed before this has arrived as well, and is read in the same turn of the event loop: the answer waits for it, so that it is
  // logged under the invocation.
  request.on("end", () => setImmediate(() => end(Buffer.concat(chunks))));
  request.on("close", () => setImmediate(() => end("cut")));
}
