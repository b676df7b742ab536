/**
 * The Model Context Protocol (https://modelcontextprotocol.io/specification) over standard input and output, as far as a server of tools needs it: one
 * message of JSON-RPC 2.0 a line.
 *
 * 1. Every request gets exactly one answer, and nothing else is written to the output. Notifications get none.
 * 2. Requests are answered as they are done, so that a long one holds up no other. The server ends when its input has ended and all are answered.
 */
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export interface Tool {
  name: string;
  title: string;
  description: string;
  /** JSON Schema of an object. */
  inputSchema: object;
  /** Whether it changes nothing. */
  readOnly: boolean;
  /** Resolves with what the model reads. Rejects with an error whose message it reads. @param given as it came */
  run(given: unknown): Promise<string>;
}

export interface McpServerOptions {
  version: string;
  /** What the model is told of the server. */
  instructions: string;
  tools: readonly Tool[];
}

/** Versions of the protocol, the newest first. What this server does is the same in all of them. */
const VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const Code = { Parse: -32_700, InvalidRequest: -32_600, MethodNotFound: -32_601, InvalidParams: -32_602 } as const;

interface Message {
  jsonrpc?: unknown;
  id?: unknown;
  method?: unknown;
  params?: unknown;
}

class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Resolves when the input has ended. */
export async function serveMcp(input: Readable, output: Writable, options: McpServerOptions): Promise<void> {
  const write = (message: object) => void output.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const open = new Set<Promise<void>>();
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line.trim() === "") continue;
    const answering = answerLine(line, options, write).finally(() => open.delete(answering));
    open.add(answering);
  }
  await Promise.all(open);
}

async function answerLine(line: string, options: McpServerOptions, write: (message: object) => void): Promise<void> {
  let id: unknown = null;
  try {
    const message = parse(line);
    // A message without an id is a notification, and one without a method answers what this server never asks.
    if (message.method === undefined || message.id === undefined) return;
    ({ id } = message);
    if (typeof id !== "string" && typeof id !== "number") throw new RpcError(Code.InvalidRequest, "the id must be a text or a number");
    write({ id, result: await resultOf(message, options) });
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    write({ id: typeof id === "string" || typeof id === "number" ? id : null, error: { code: error.code, message: error.message } });
  }
}

function parse(line: string): Message {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    throw new RpcError(Code.Parse, "the line is no JSON");
  }
  if (typeof message !== "object" || message === null || Array.isArray(message) || (message as Message).jsonrpc !== "2.0")
    throw new RpcError(Code.InvalidRequest, "the line is no message of JSON-RPC 2.0");
  return message;
}

async function resultOf({ method, params }: Message, { version, instructions, tools }: McpServerOptions): Promise<object> {
  switch (method) {
    case "initialize": {
      const wanted = fieldOf(params, "protocolVersion");
      const protocolVersion = VERSIONS.find((each) => each === wanted) ?? VERSIONS[0];
      return { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "mayfly", title: "Mayfly", version }, instructions };
    }
    case "ping":
      return {};
    case "tools/list":
      return { tools: tools.map(shownTool) };
    case "tools/call":
      return callTool(tools, params);
    default:
      throw new RpcError(Code.MethodNotFound, `there is no method ${String(method).slice(0, 100)}`);
  }
}

function shownTool({ name, title, description, inputSchema, readOnly }: Tool): object {
  return { name, title, description, inputSchema, annotations: { title, readOnlyHint: readOnly, openWorldHint: !readOnly } };
}

/** What a tool fails with is for the model to read, and no error of the protocol. */
async function callTool(tools: readonly Tool[], params: unknown): Promise<object> {
  const name = fieldOf(params, "name");
  const tool = tools.find((each) => each.name === name);
  if (tool === undefined) throw new RpcError(Code.InvalidParams, `there is no tool ${String(name).slice(0, 100)}`);
  const told = (text: string, isError: boolean) => ({ content: [{ type: "text", text: text.toWellFormed() }], isError });
  try {
    return told(await tool.run(fieldOf(params, "arguments") ?? {}), false);
  } catch (error) {
    return told(error instanceof Error ? error.message : String(error), true);
  }
}

function fieldOf(params: unknown, name: string): unknown {
  return typeof params === "object" && params !== null && Object.hasOwn(params, name)
    ? (params as Record<string, unknown>)[name]
    : undefined;
}
