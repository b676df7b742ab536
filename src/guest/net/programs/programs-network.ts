/**
 * The network of programs beside the agent: its child processes and native code. The machine's first program (src/guest/redirect) has led their
 * connections to a listener of the agent's; names are looked up by DNS at the machine's loopback. What user code does through Node goes another way
 * (connect.ts, lookup.ts), which tells failures better.
 *
 * 1. Nothing is opened before a program runs, because most apps run none.
 * 2. It is opened for good: the machine belongs to one app by then.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import childProcess, { type ChildProcess } from "node:child_process";
import type { Log } from "../../agent/log/log.ts";
import type { Connection } from "../../agent/connection.ts";
import { resolveAnywhere } from "../lookup.ts";
import type { Permission } from "../permission.ts";
import { FoundNames } from "./found-names.ts";
import { Redirected } from "./redirected.ts";
import { Refusals } from "./refusals.ts";
import { openStubResolver } from "./stub-resolver.ts";

const variable = "MAYFLY_REDIRECT";

export function serveProgramsNetwork(connection: Connection, permission: Permission, log: Log): void {
  let listener = listenerIn(process.env[variable]);
  delete process.env[variable];
  // Null where the connections of programs are not led to the agent.
  if (listener === null) return;
  // What is opened belongs to no invocation.
  const outside = AsyncLocalStorage.snapshot();
  beforePrograms(() => {
    if (listener !== null) outside(open, listener, connection, permission, log);
    listener = null;
  });
}

function open(listener: number, connection: Connection, permission: Permission, log: Log): void {
  const refusals = new Refusals(log);
  const names = new FoundNames();
  new Redirected({ connection, permission, names, refusals }).listen(listener);
  openStubResolver({
    lookUp: async (name) => {
      const found = await resolveAnywhere(connection, permission.egress, name, 0, "getaddrinfo");
      return names.learn(name, found);
    },
    refusals,
  });
}

/** @param text "fd:4" */
function listenerIn(text: string | undefined): number | null {
  const [, fd] = /^fd:(\d+)$/.exec(text ?? "") ?? [];
  return fd === undefined ? null : Number(fd);
}

/** Calls back before a function starts a program or loads native code. A program for whose end a function waits without letting anything else run goes another way, and could not be served. */
function beforePrograms(serve: () => void): void {
  const prototype = childProcess.ChildProcess.prototype as unknown as { spawn(options: object): number };
  const spawn: (typeof prototype)["spawn"] = Reflect.get(prototype, "spawn");
  prototype.spawn = function spawnWithNetwork(this: ChildProcess, options) {
    serve();
    return Reflect.apply(spawn, this, [options]);
  };
  const dlopen = Reflect.get(process, "dlopen") as (...parameters: unknown[]) => void;
  process.dlopen = (...parameters: unknown[]) => {
    serve();
    Reflect.apply(dlopen, process, parameters);
  };
}
