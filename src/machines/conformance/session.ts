/** A started machine, used through the real host end. Every wait for it has a bound, because a guest may hang. */
import crypto from "node:crypto";
import { systemClock } from "../../base/clock/clock.ts";

import { openHostEnd } from "../../wire/open-host-end.ts";
import type { HostEnd } from "../../wire/host-end.ts";
import { requestWhole } from "../../wire/request-whole.ts";
import { type BindFiles, type ReadyMessage, WARM_FUNCTION } from "../../wire/protocol.ts";
import type { Machine } from "../driver.ts";
import { within } from "../../base/clock/within.ts";
import { conformanceFunctions } from "./functions.ts";

export interface Session {
  machine: Machine;
  host: HostEnd;
  ready: ReadyMessage;
  /** Resolves with the reason when the channel is over. */
  dead: Promise<string>;
  /** Binds the machine to the conformance functions. */
  bind: (files?: BindFiles) => Promise<void>;
  /** Resolves with the reply's body. Rejects if the function or the machine fails. */
  call: (name: string, body?: Buffer) => Promise<Buffer>;
}

/** Resolves when the machine has answered with Ready. @param restored whether it is a clone of one that was bound */
export async function openSession(machine: Machine, restored = false): Promise<Session> {
  const over = Promise.withResolvers<string>();
  const refuse = () => Promise.reject(new Error("no egress here"));
  const host = openHostEnd(machine.channel, {
    log: () => undefined,
    stats: () => undefined,
    connect: refuse,
    resolve: refuse,
    dead: (reason) => over.resolve(reason),
  });
  const ready = await inTime(
    "Ready",
    host.resume(Date.now(), crypto.randomBytes(64), machine.id, machine.fresh, restored ? { restored } : {}),
  );
  const call = (name: string, body?: Buffer) => {
    const gone = over.promise.then((reason) => Promise.reject(new Error(`the channel is over: ${reason}`)));
    return inTime(
      `the reply of ${name}, or its machine's end`,
      Promise.race([requestWhole(host, "conformance", name, body ?? null), gone]),
    );
  };
  return { machine, host, ready, dead: over.promise, bind: (files) => inTime("Bound", bind(host, files)), call };
}

/** Milliseconds. An emulated machine on a busy host takes a minute for what takes a second elsewhere. */
const BOUND_MS = 120_000;

/** Resolves with the promise, or rejects with an error that names what did not come in time. */
export function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  return within(systemClock, BOUND_MS, what, promise);
}

export function warm(session: Session): Promise<Buffer> {
  return session.call(WARM_FUNCTION);
}

function bind(host: HostEnd, files?: BindFiles): Promise<void> {
  const code = Object.values(conformanceFunctions).map((text) => Buffer.from(text));
  const functions = Object.keys(conformanceFunctions).map((name, at) => {
    return { name, format: "cjs" as const, source: { type: "frames" as const, bytes: code[at]?.length ?? 0 }, handler: "handler" };
  });
  const message = { app: "conformance", revision: "v1", functions, ...(files && { files }), env: {}, memoryMb: 256, egress: false };
  return host.bind(message, code);
}
