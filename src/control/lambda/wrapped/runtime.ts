/**
 * The Node.js runtime of functions that a wrapper starts: a program that asks the Runtime API for invocations. It is put among the function's files and runs in a machine, so that it
 * imports nothing of Mayfly. The other Node.js functions run in the machine's agent, which no wrapper can start.
 */
import { Agent, type ClientRequest, type IncomingHttpHeaders, request } from "node:http";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";

type Handler = (event: unknown, ...rest: unknown[]) => unknown;

const { AWS_LAMBDA_RUNTIME_API = "", LAMBDA_TASK_ROOT: root = "", _HANDLER = "" } = process.env;
const [host, port] = AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const streaming = Symbol.for("aws.lambda.runtime.handler.streaming");
const METADATA = "application/vnd.awslambda.http-integration-response";

/** What a streaming function writes to. The reply begins with the first byte. */
class ResponseStream extends Writable {
  readonly #id: string;
  #type = "application/octet-stream";
  #metadata: object | undefined;
  #post: ClientRequest | undefined;
  /** Resolves when the Runtime API has taken the whole reply. */
  readonly taken = Promise.withResolvers<void>();

  constructor(id: string) {
    super();
    this.#id = id;
    this.taken.promise.catch(() => {});
  }

  static from(stream: ResponseStream, metadata: object): ResponseStream {
    stream.#metadata = metadata;
    return stream;
  }

  setContentType(type: string): void {
    this.#type = type;
  }

  get hasBegun(): boolean {
    return this.#post !== undefined;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#begun().write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#begun().end(() => done());
  }

  #begun(): ClientRequest {
    if (this.#post !== undefined) return this.#post;
    const post = request({
      host,
      port,
      method: "POST",
      path: `/2018-06-01/runtime/invocation/${this.#id}/response`,
      headers: {
        "Content-Type": this.#metadata === undefined ? this.#type : METADATA,
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        "Transfer-Encoding": "chunked",
      },
    });
    post.on("error", (error) => this.taken.reject(error));
    // oxlint-disable-next-line mayfly/guarded-listeners -- this is a program of its own: what is thrown here ends it, and nothing of the host's
    post.on("response", (response) => response.resume().on("end", this.taken.resolve));
    if (this.#metadata !== undefined) post.write(Buffer.concat([Buffer.from(JSON.stringify(this.#metadata)), Buffer.alloc(8)]));
    this.#post = post;
    return post;
  }
}

Object.defineProperty(globalThis, "awslambda", {
  value: {
    streamifyResponse: (handler: Handler) => Object.assign(handler, { [streaming]: "response" }),
    HttpResponseStream: ResponseStream,
  },
  writable: true,
  configurable: true,
});

/** @returns the reply's headers and body */
function call(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<{ headers: IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
    const sent = request({ host, port, method, path: `/2018-06-01/runtime/${path}`, agent, headers: { ...headers, ...length } });
    sent.on("error", reject);
    // oxlint-disable-next-line mayfly/guarded-listeners -- as above
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      // oxlint-disable-next-line mayfly/guarded-listeners -- as above
      response.on("end", () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }));
      response.on("error", reject);
    });
    sent.end(body);
  });
}

function described(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split("\n") ?? [] };
}

function report(path: string, error: unknown): Promise<unknown> {
  const document = described(error);
  console.error(error);
  return call("POST", path, JSON.stringify(document), { "Lambda-Runtime-Function-Error-Type": document.errorType });
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** As AWS's runtime finds it: "src/app.api.get" is the export api.get of src/app.js, src/app.mjs or src/app.cjs. */
async function load(): Promise<Handler> {
  const folderEnd = _HANDLER.lastIndexOf("/") + 1;
  const dot = _HANDLER.indexOf(".", folderEnd);
  if (dot < 0) throw named("Runtime.MalformedHandlerName", "Bad handler");
  const [path, names] = [_HANDLER.slice(0, dot), _HANDLER.slice(dot + 1)];
  const file = [".js", ".mjs", ".cjs"].map((ending) => join(root, `${path}${ending}`)).find((each) => existsSync(each));
  if (file === undefined) throw named("Runtime.ImportModuleError", `Error: Cannot find module '${path}'`);
  // What a wrapper has Node load beforehand changes what require() gives.
  const loaded: unknown = file.endsWith(".mjs") ? await import(pathToFileURL(file).href) : createRequire(file)(file);
  const found = names.split(".").reduce((inner: unknown, name) => (inner as Record<string, unknown> | undefined)?.[name], loaded);
  if (typeof found !== "function") throw named("Runtime.HandlerNotFound", `${path}.${names} is undefined or not exported`);
  return found as Handler;
}

function contextOf(headers: IncomingHttpHeaders, done: (error?: unknown, result?: unknown) => void): object {
  const text = (name: string) => headers[name] as string | undefined;
  const deadline = Number(text("lambda-runtime-deadline-ms"));
  const client = text("lambda-runtime-client-context");
  const tenantId = text("lambda-runtime-aws-tenant-id");
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env["AWS_LAMBDA_FUNCTION_NAME"],
    functionVersion: process.env["AWS_LAMBDA_FUNCTION_VERSION"],
    memoryLimitInMB: process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    logGroupName: process.env["AWS_LAMBDA_LOG_GROUP_NAME"],
    logStreamName: process.env["AWS_LAMBDA_LOG_STREAM_NAME"],
    invokedFunctionArn: text("lambda-runtime-invoked-function-arn"),
    awsRequestId: text("lambda-runtime-aws-request-id"),
    clientContext: client === undefined ? undefined : (JSON.parse(client) as unknown),
    identity: undefined,
    ...(tenantId !== undefined && { tenantId }),
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done,
    fail: (error: unknown) => done(error ?? new Error("context.fail was called")),
    succeed: (result: unknown) => done(null, result),
  };
}

/** Resolves with what the handler returns, or gives to its callback. */
function result(handler: Handler, event: unknown, headers: IncomingHttpHeaders): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown, value?: unknown) => (error === undefined || error === null ? resolve(value) : reject(error));
    const returned = handler(event, contextOf(headers, done), done);
    if (returned !== null && typeof returned === "object" && "then" in returned) Promise.resolve(returned).then(resolve, reject);
    // Whoever takes a callback calls it, whatever else the function returns.
    else if (handler.length < 3) resolve(returned);
  });
}

async function answer(handler: Handler, { headers, text }: { headers: IncomingHttpHeaders; text: string }): Promise<void> {
  const id = headers["lambda-runtime-aws-request-id"] as string;
  process.env["_X_AMZN_TRACE_ID"] = (headers["lambda-runtime-trace-id"] as string | undefined) ?? "";
  const stream = streaming in handler ? new ResponseStream(id) : undefined;
  try {
    const event: unknown = JSON.parse(text);
    if (stream !== undefined) {
      await handler(
        event,
        stream,
        contextOf(headers, () => {}),
      );
      await stream.taken.promise;
    } else await call("POST", `invocation/${id}/response`, serialised(await result(handler, event, headers)));
  } catch (error) {
    // What has begun to stream cannot become another reply: the end of the connection says that it is cut off.
    if (stream?.hasBegun === true) process.exit(1);
    await report(`invocation/${id}/error`, error);
  }
}

function serialised(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    throw named("Runtime.JSONStringifyError", "Unable to stringify response body");
  }
}

let handler: Handler;
try {
  handler = await load();
} catch (error) {
  await report("init/error", error);
  process.exit(1);
}
for (;;) await answer(handler, await call("GET", "invocation/next"));
