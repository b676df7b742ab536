/**
 * Brings into the log what the app's child processes print on inherited descriptors. Otherwise that output would go to the machine's
 * console, which nobody reads while the machine runs.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import childProcess, { type ChildProcess, type SpawnSyncOptions, type SpawnSyncReturns } from "node:child_process";
import type { Readable } from "node:stream";
import { type GuestLogLevel, LogLevel } from "../../../wire/protocol.ts";
import { type Print, lineCutter } from "./lines.ts";
import { type OutputPipe, openOutputPipe } from "./output-pipe.ts";

/** The child's descriptor → ours, which is 1 or 2. */
type Inherited = Map<number, number>;
type Sync = SpawnSyncReturns<string | Buffer | null>;
interface Spawn {
  spawn(options: { stdio?: unknown }): number;
}

export function captureChildOutput(print: Print): void {
  captureSpawn(print);
  const { spawnSync } = childProcess;
  const captured = (file: string, args: readonly string[], options: SpawnSyncOptions): Sync => {
    const { stdio, inherited } = withPipes(options.stdio);
    const result: Sync = spawnSync(file, args, { maxBuffer: Infinity, ...options, stdio });
    for (const [at, fd] of inherited) {
      lineCutter(levelOf(fd), print)(result.output?.[at] ?? "");
      if (result.output !== null) result.output[at] = null;
    }
    return Object.assign(result, { stdout: result.output?.[1] ?? null, stderr: result.output?.[2] ?? null });
  };
  replaceSync("spawnSync", (file, args, options) => captured(file, args, options));
  replaceSync("execFileSync", (file, args, options) => outputOf(captured(file, args, options), [file, ...args].join(" ")));
  replaceSync("execSync", (command, _, options) => outputOf(captured(command, [], { shell: true, ...options }), command));
}

/** All asynchronous ways to start a process call this method. */
function captureSpawn(print: Print): void {
  const prototype = childProcess.ChildProcess.prototype as unknown as Spawn;
  const spawn: Spawn["spawn"] = Reflect.get(prototype, "spawn");
  prototype.spawn = function capturedSpawn(this: ChildProcess, options) {
    const { stdio, inherited } = withPipes(options?.stdio);
    if (inherited.size === 0) return Reflect.apply(spawn, this, [options]);
    const list = [...(stdio as unknown[])];
    const pipes = new Map([...inherited.keys()].map((at) => [at, openOutputPipe()]));
    for (const [at, pipe] of pipes) if (pipe !== undefined) list[at] = pipe.fd;
    try {
      return Reflect.apply(spawn, this, [{ ...options, stdio: list }]);
    } finally {
      for (const [at, fd] of inherited) follow(this, at, pipes.get(at), lineCutter(levelOf(fd), print));
    }
  };
}

/** Logs what the child prints under the invocation that started it. User code sees no stream there, as with an inherited descriptor. */
function follow(child: ChildProcess, at: number, pipe: OutputPipe | undefined, take: (chunk: Buffer) => void): void {
  const inContext = AsyncLocalStorage.snapshot();
  if (pipe !== undefined) {
    pipe.handedOver();
    pipe.out.on("data", (chunk: Buffer) => inContext(take, chunk));
    // What the child printed is in the log before anybody hears of its end.
    child.prependOnceListener("exit", () => inContext(take, pipe.rest()));
    return;
  }
  const all = (child.stdio ?? []) as unknown as (Readable | null)[];
  all[at]?.on("data", (chunk: Buffer) => inContext(take, chunk));
  all[at] = null;
  if (at === 1) child.stdout = null;
  if (at === 2) child.stderr = null;
}

type SyncFunction = (file: string, args: readonly string[], options: SpawnSyncOptions) => unknown;

/** Calls in which no descriptor is inherited are passed to Node's own function. */
function replaceSync(name: "spawnSync" | "execFileSync" | "execSync", instead: SyncFunction): void {
  const original = childProcess[name] as (...parameters: unknown[]) => unknown;
  const replacement = (file: string, ...rest: unknown[]) => {
    const args = Array.isArray(rest[0]) ? (rest[0] as string[]) : [];
    const options = rest.find((each) => typeof each === "object" && each !== null && !Array.isArray(each)) as SpawnSyncOptions | undefined;
    if (options === undefined || withPipes(options.stdio).inherited.size === 0) return original(file, ...rest);
    return instead(file, args, options);
  };
  Object.assign(childProcess, { [name]: replacement });
}

/** Returns or throws what Node would for the command's result. */
function outputOf(result: Sync, command: string): string | Buffer | null {
  if (result.error !== undefined) throw Object.assign(result.error, result);
  if (result.status !== 0) throw Object.assign(new Error(`Command failed: ${command}`), result);
  return result.stdout;
}

function withPipes(given: unknown): { stdio: SpawnSyncOptions["stdio"]; inherited: Inherited } {
  const list: unknown[] = Array.isArray(given) ? [...(given as unknown[])] : [given, given, given];
  const inherited: Inherited = new Map();
  for (const at of list.keys()) {
    const fd = outputFor(list[at], at);
    if (fd === 1 || fd === 2) inherited.set(at, fd);
  }
  for (const at of inherited.keys()) list[at] = "pipe";
  return { stdio: (inherited.size === 0 ? given : list) as SpawnSyncOptions["stdio"], inherited };
}

/** Our descriptor that an entry of `stdio` means. */
function outputFor(entry: unknown, at: number): unknown {
  if (at === 0) return undefined;
  if (entry === "inherit") return at;
  return typeof entry === "object" && entry !== null && "fd" in entry ? entry.fd : entry;
}

function levelOf(fd: number): GuestLogLevel {
  return fd === 1 ? LogLevel.Info : LogLevel.Error;
}
