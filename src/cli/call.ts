/** Calls functions through the gateway for `mayfly invoke`. Uses node:http, which adds the least latency. */
import * as http from "node:http";
import * as https from "node:https";
import type { Duplex } from "node:stream";
import { connectionLost } from "../doors/admin/connection-lost.ts";
import { notTrusted } from "../doors/admin/not-trusted.ts";
import { pinnedTo } from "../doors/admin/pinned.ts";
import { MayflyError } from "../base/errors/error.ts";
import { type Summary, summarise } from "./latency.ts";

export interface Call {
  url: URL;
  /** The certificate that the gateway must present, PEM. If undefined, any certificate that Node trusts for the URL's name is accepted. */
  pin?: string | undefined;
  method: string;
  headers: [string, string][];
  body: Buffer | undefined;
  /** Ends the call, and the reading of its reply. */
  signal?: AbortSignal;
}

/** Resolves with the reply's head; its body is still to be read. Throws "api-unreachable", "not-trusted", "connection-lost", or "not-done" if the reply is no end of the call. */
export async function callOnce(call: Call, agent?: http.Agent): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const { request } = call.url.protocol === "https:" ? https : http;
  const trust = call.pin === undefined ? {} : pinnedTo(call.pin);
  const outgoing = request(
    call.url,
    { method: call.method, ...trust, ...(agent && { agent }), ...(call.signal && { signal: call.signal }) },
    resolve,
  );
  for (const [name, value] of call.headers) outgoing.appendHeader(name, value);
  outgoing.on("error", (error) => {
    const unreachable = new MayflyError("api-unreachable", { url: call.url.origin, reason: error.message }, error);
    reject(connectionLost(call.url.origin, error) ?? notTrusted(call.url.origin, error) ?? unreachable);
  });
  // Nothing else would be told of these replies, and the call would have no end.
  const switched = (_response: http.IncomingMessage, socket: Duplex) => {
    socket.destroy();
    reject(
      new MayflyError("not-done", { what: "the reply is the beginning of a tunnel or of another protocol, which is not spoken here" }),
    );
  };
  outgoing.once("connect", switched).once("upgrade", switched);
  outgoing.end(call.body);
  return await promise;
}

/** Turns what reading the reply's body threw into an error of the table if the connection was cut. */
export function bodyFailure({ url }: Call, error: unknown): unknown {
  return connectionLost(url.origin, error) ?? error;
}

/** `concurrency` callers on keep-alive connections share `count` calls. */
export async function callMany(call: Call, count: number, concurrency: number): Promise<Summary> {
  const trust = call.pin === undefined ? {} : pinnedTo(call.pin);
  const agent = new (call.url.protocol === "https:" ? https : http).Agent({ keepAlive: true, maxSockets: concurrency, ...trust });
  const latencies: number[] = [];
  const outcomes = new Map<string, number>();
  let left = count;
  async function caller(): Promise<void> {
    while (left-- > 0) {
      const began = performance.now();
      const outcome = await outcomeOf(call, agent);
      latencies.push(performance.now() - began);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }
  const began = performance.now();
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, caller));
  agent.destroy();
  return summarise(latencies, Object.fromEntries(outcomes), performance.now() - began);
}

/** The status, or what went wrong with the connection. */
async function outcomeOf(call: Call, agent: http.Agent): Promise<string> {
  try {
    const response = await callOnce(call, agent);
    for await (const _ of response);
    return String(response.statusCode);
  } catch (error) {
    return error instanceof MayflyError ? String(error.details.reason) : (error as Error).message;
  }
}
