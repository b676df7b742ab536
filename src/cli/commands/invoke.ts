import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import { type ErrorBody, MayflyError } from "../../base/errors/error.ts";
import { errorTable } from "../../base/errors/table.ts";
import { withApp } from "../app-argument.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { harmless } from "../../base/terminal/terminal.ts";
import { ExitCode } from "../exit-codes.ts";
import { bodyFailure, type Call, callMany, callOnce } from "../call.ts";
import { parseCount, parseHeader, parseMethod } from "../parse.ts";
import { inWords } from "../report-error.ts";
import { summaryInWords } from "../latency.ts";
import { asJson } from "../as-json.ts";

interface InvokeOptions extends ConnectionOptions {
  data?: string;
  method?: string;
  path?: string;
  header?: [string, string][];
  repeat: number;
  concurrency?: number;
  include?: true;
  json?: true;
}

export function define(command: Command): void {
  withApp(withConnectionOptions(command), "<app/function>", "the function, with a query if you like: hello/hello?name=Ada")
    .option("-d, --data <text>", "request body; @file reads a file, @- standard input; makes the method POST")
    .option("-X, --method <method>", "request method", parseMethod)
    .option("-p, --path <path>", "path below the function, for example /notes/1")
    .option("-H, --header <name: value>", "request header; may be repeated", parseHeader)
    .addOption(new Option("-i, --include", "show the reply's status and headers, too, before its body").conflicts(["repeat", "json"]))
    .option("-r, --repeat <count>", "call this many times and print the latencies", parseCount(1, 10_000_000), 1)
    .option("-c, --concurrency <count>", "calls in flight at once, with --repeat; default: 1", parseCount(1, 10_000))
    .addHelpText("after", "\nThe reply's body goes to standard output. A status of 400 or more makes the exit code 1.\n")
    .addHelpText("after", "Examples:\n  mayfly invoke hello/hello?name=Ada\n  mayfly invoke wait/wait --repeat 1000 --concurrency 100")
    .action(invoke);
}

async function invoke(target: string, options: InvokeOptions): Promise<void> {
  if (options.concurrency !== undefined && options.repeat === 1)
    throw new MayflyError("not-done", { what: "--concurrency is for calls that are repeated; add --repeat 100, for example" });
  const call = await describeCall(target, options);
  process.exitCode = await (options.repeat > 1 ? repeat(call, options) : options.json ? printJson(call) : print(call, options));
}

async function describeCall(target: string, options: InvokeOptions): Promise<Call> {
  if (/^https?:\/\//i.test(target))
    throw new MayflyError("not-done", { what: `${target} is a URL; name the function as app/function, or call the URL with curl` });
  // Paths of URLs begin with a slash, and are what people copy.
  const [path, query] = splitOnce(target.replace(/^\/+/, ""), "?");
  // An app's own address ends with a slash; where it has static files, the one without only leads there.
  const bare = path.includes("/") ? "" : "/";
  const below = options.path === undefined ? bare : `/${options.path.replace(/^\//, "")}`;
  const body = options.data === undefined ? undefined : await readData(options.data);
  const { url, pin } = await (await connect(options)).gateway();
  return {
    url: parseUrl(`${url}/${path}${below}${query === undefined ? "" : `?${query}`}`),
    pin,
    method: options.method ?? (body ? "POST" : "GET"),
    headers: options.header ?? [],
    body,
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new MayflyError("not-done", { what: `${text} is not a URL` });
  return url;
}

async function print(call: Call, { include }: InvokeOptions): Promise<number> {
  const response = await callOnce(call);
  if (include) process.stdout.write(headInWords(response));
  if (response.statusCode! >= 400) return printFailure(response.statusCode!, await wholeBody(call, response));
  await pipeline(response, process.stdout, { end: false }).catch((error: unknown) => {
    throw bodyFailure(call, error);
  });
  const { location } = response.headers;
  if (response.statusCode! >= 300 && location !== undefined)
    console.error(`The reply's status is ${response.statusCode}: it leads to ${harmless(location)}`);
  return ExitCode.Ok;
}

/** The head as received, in the form that `curl -i` prints. */
function headInWords({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`.trimEnd()];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join("\n")}\n\n`;
}

async function printJson(call: Call): Promise<number> {
  const response = await callOnce(call);
  const body = (await wholeBody(call, response)).toString();
  console.log(asJson("invoke", { status: response.statusCode!, headers: response.headers, body }));
  return response.statusCode! >= 400 ? ExitCode.Failed : ExitCode.Ok;
}

function wholeBody(call: Call, response: IncomingMessage): Promise<Buffer> {
  return buffer(response).catch((error: unknown) => {
    throw bodyFailure(call, error);
  });
}

/** Prints an error of the platform as text, and an error of the function unchanged. */
function printFailure(status: number, body: Buffer): number {
  const error = platformError(body);
  if (error) console.error(inWords(error));
  else process.stdout.write(body);
  console.error(`The reply's status is ${status}.`);
  return ExitCode.Failed;
}

function platformError(body: Buffer): ErrorBody | undefined {
  if (body[0] !== 0x7b) return undefined;
  try {
    const parsed = JSON.parse(body.toString()) as Partial<ErrorBody>;
    return parsed.error && parsed.error.code in errorTable ? (parsed as ErrorBody) : undefined;
  } catch {
    return undefined; // The body is the function's own and only looks like JSON.
  }
}

async function repeat(call: Call, options: InvokeOptions): Promise<number> {
  const summary = await callMany(call, options.repeat, options.concurrency ?? 1);
  console.log(options.json ? asJson("invoke", summary) : summaryInWords(summary));
  return summary.errors > 0 ? ExitCode.Failed : ExitCode.Ok;
}

async function readData(data: string): Promise<Buffer> {
  if (data === "@-") return await buffer(process.stdin);
  return data.startsWith("@") ? readFileSync(data.slice(1)) : Buffer.from(data);
}

function splitOnce(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at);
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}
