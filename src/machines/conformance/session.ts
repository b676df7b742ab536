/** A started machine, spoken to through the real host end. */
import crypto from "node:crypto";

import { openHostEnd } from "../../wire/open-host-end.ts";
import type { HostEnd, RequestSink } from "../../wire/host-end.ts";
import { WARM_FUNCTION, type ReadyMessage } from "../../wire/protocol.ts";
import type { Machine } from "../driver.ts";
import { conformanceFunctions } from "./functions.ts";

export interface Session {
  machine: Machine;
  host: HostEnd;
  ready: ReadyMessage;
  /** Resolves with why the channel is over. */
  dead: Promise<string>;
  /** Gives the machine the conformance functions. */
  bind: () => Promise<void>;
  /** The reply's body. Rejects where the function or the machine fails. */
  call: (name: string, body?: Buffer) => Promise<Buffer>;
}

/** Up to Ready. */
export async function openSession(machine: Machine): Promise<Session> {
  const over = Promise.withResolvers<string>();
  const refuse = () => Promise.reject(new Error("no egress here"));
  const host = openHostEnd(machine.channel, {
    log: () => undefined,
    stats: () => undefined,
    connect: refuse,
    resolve: refuse,
    dead: (reason) => over.resolve(reason),
  });
  const ready = await host.resume(Date.now(), crypto.randomBytes(64), machine.id, machine.fresh);
  const call = (name: string, body?: Buffer) =>
    Promise.race([request(host, name, body), over.promise.then((reason) => Promise.reject(new Error(`the channel is over: ${reason}`)))]);
  return { machine, host, ready, dead: over.promise, bind: () => bind(host), call };
}

export function warm(session: Session): Promise<Buffer> {
  return session.call(WARM_FUNCTION);
}

function bind(host: HostEnd): Promise<void> {
  const code = Object.values(conformanceFunctions).map((text) => Buffer.from(text));
  const functions = Object.keys(conformanceFunctions).map((name, at) => {
    return { name, format: "cjs" as const, size: code[at]?.length ?? 0, handler: "handler" };
  });
  return host.bind({ app: "conformance", version: "v1", functions, env: {}, memoryMb: 256, egress: false }, code);
}

function request(host: HostEnd, name: string, body: Buffer | undefined): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  const take = (chunk: Buffer) => {
    chunks.push(Buffer.from(chunk));
    stream.consumed(chunk.length);
  };
  const sink: RequestSink = {
    head: (_status, _headers, first) => take(first),
    data: take,
    end: () => undefined,
    reset: (code, message) => reject(new Error(`reset ${code}: ${message}`)),
    closed: () => resolve(Buffer.concat(chunks)),
    drain: () => undefined,
  };
  const head = { id: "conformance", function: name, remainingMs: 60_000, method: "POST", url: "http://localhost/", headers: [] };
  const stream = host.request(head, body ?? null, true, sink);
  return promise;
}
