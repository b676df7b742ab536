/** Calls of functions, and code of functions, that several scripts use. */
import { InvokeCommand, type InvokeCommandInput } from "@aws-sdk/client-lambda";
import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import { asRecorded, type Replay } from "../replay.ts";
import { zip } from "../zip.ts";

/** The answer in the form of the recordings, in which a result that is an object is shown as one. */
export async function invoke(
  replay: Replay,
  FunctionName: string,
  payload?: unknown,
  more: Partial<InvokeCommandInput> = {},
): Promise<Invoked> {
  const input = { FunctionName, ...(payload !== undefined && { Payload: JSON.stringify(payload) }), ...more };
  const answer = await replay.lambda.send(new InvokeCommand(input));
  return { ...(asRecorded(answer) as Invoked), Payload: shown(Buffer.from(answer.Payload ?? [])) };
}

export interface Invoked {
  StatusCode: number;
  Payload: unknown;
  LogResult?: string;
}

/** The driver `process` has no /var/task and no /opt. */
function asInMachines(text: string): string {
  return text.replaceAll(/\/[^"\s:]*\/process\/[^"\s:]*?\/task(?=[/":\\])/g, "/var/task").replaceAll("/var/task/.mayfly-layers", "/opt");
}

function shown(payload: Buffer): unknown {
  const text = asInMachines(payload.toString());
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? value : text;
  } catch {
    return text;
  }
}

/** The lines of a log's tail, with marks in the place of what differs from run to run. */
export function logLines({ LogResult = "" }: Invoked): string[] {
  const text = Buffer.from(LogResult, "base64").toString();
  const marked = text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "date").replaceAll(/[\d.]+ ms/g, "<duration> ms");
  return marked.match(/[^\n]*\n/g) ?? [];
}

export interface UrlAnswer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** A request to a function's URL, whose host name nobody knows but the server. @param rest of the path, with the query */
export async function callUrl(
  functionUrl: string,
  rest: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<UrlAnswer> {
  const { hostname, port, pathname } = new URL(functionUrl);
  const { method = "GET", headers = {}, body } = options;
  const { promise, resolve, reject } = Promise.withResolvers<UrlAnswer>();
  const path = `${pathname.replace(/\/$/, "")}${rest}`;
  const sent = request({ host: "127.0.0.1", port, path, method, headers: { host: hostname, ...headers } }, (response) => {
    buffer(response).then(
      (bytes) => resolve({ status: response.statusCode!, headers: response.headers as Record<string, string>, text: bytes.toString() }),
      reject,
    );
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

export function python(content: string, name = "handler.py"): { ZipFile: Buffer } {
  return { ZipFile: zip([{ name, content }]) };
}

/** Returns its event. */
export const pythonEchoCode = python("def handler(event, context):\n    print(event)\n    return event\n");

/** Returns nothing after so many seconds as the event says. */
export const pythonWaits = python("import time\n\ndef handler(event, context):\n    time.sleep(event.get('wait', 0))\n");

export function node(content: string, name = "index.js"): { ZipFile: Buffer } {
  return { ZipFile: zip([{ name, content }]) };
}

export const nodeEchoCode = node("exports.handler = async (event) => {\n  console.log(JSON.stringify(event));\n  return event;\n};\n");
