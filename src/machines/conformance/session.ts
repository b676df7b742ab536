/** A started machine, spoken to through the real host end. */
import crypto from "node:crypto";

import { openHostEnd } from "../../wire/open-host-end.ts";
import type { HostEnd } from "../../wire/host-end.ts";
import { requestWhole } from "../../wire/request-whole.ts";
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
    Promise.race([
      requestWhole(host, "conformance", name, body ?? null),
      over.promise.then((reason) => Promise.reject(new Error(`the channel is over: ${reason}`))),
    ]);
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
