/**
 * The server's end of a tenant's process of databases: it starts it with the first request, and ends it when nothing was asked for a while.
 *
 * Owns: the process, its control group, its user id, and the requests that wait for it.
 * 1. Requests of a tenant are carried out one after the other, each within the time that it may take. If one takes longer the process is ended, and the next is carried out
 *    by another process: only the one that took too long is refused.
 * 2. What waits is bounded.
 * 3. What the process says is checked, and bounded.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, lchownSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Clock } from "../../base/clock/clock.ts";
import { type ErrorDetails, MayflyError } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import { guarded } from "../../base/errors/guarded.ts";
import type { Uids } from "../../base/uids/uids.ts";
import type { Cgroup } from "../../machines/host/cgroup/cgroup.ts";
import { createCgroup } from "../../machines/host/cgroup/create-cgroup.ts";
import { spawned } from "../../machines/host/spawned.ts";
import { Frames, frameOf, type SqlFailure, type SqlJob, type ToSql } from "./child/messages.ts";
import type { SqlResult } from "./sql.ts";

export interface SqlProcessOptions {
  tenant: string;
  /** The tenant's. */
  folder: string;
  /** Undefined if Mayfly does not run as root: then the process is the server's user's. */
  uids: Uids | undefined;
  memoryMb: number;
  /** What a request may take. */
  timeoutMs: number;
  clock: Clock;
  /** Called when the process has ended that nobody asked to. */
  onFailure: (error: unknown) => void;
}

/** What a request came to: results of statements, or the copy that was made. */
export type SqlAnswer = { results: SqlResult[] } | { copy: number | null };

interface Asked {
  message: ToSql;
  resolve: (answer: SqlAnswer) => void;
  reject: (error: unknown) => void;
}

interface Running {
  child: ChildProcess;
  cgroup: Cgroup;
  isReady: boolean;
  /** Why it was ended. */
  ended: "timeout" | "idle" | "invalid" | null;
}

const program = fileURLToPath(new URL("child/main.ts", import.meta.url));
const HEAP_MB = 96;
const DESCRIPTORS = 256;
const MOST_WAITING = 1_000;
const IDLE_MS = 60_000;
const START_MS = 60_000;
/** What a copy may take, beside the statements after it. */
const COPY_MS = 600_000;

const value = z.union([z.null(), z.number(), z.string(), z.strictObject({ base64: z.string() })]);
const messageSchema = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({
    results: z.array(
      z.strictObject({
        columns: z.array(z.string()),
        rows: z.array(z.array(value)),
        meta: z.strictObject({ changes: z.number(), lastRowId: z.number(), duration: z.number(), size: z.number() }),
      }),
    ),
  }),
  z.strictObject({ copying: z.literal(true) }),
  z.strictObject({ copied: z.literal(true), failed: z.string().optional() }),
  z.strictObject({ copy: z.int().nullable() }),
  z.strictObject({ failed: z.strictObject({ kind: z.enum(["sql", "large", "full", "missing"]), what: z.string() }) }),
]);

export class SqlProcess {
  readonly #options: SqlProcessOptions;
  readonly #waiting: Asked[] = [];
  #current: Asked | null = null;
  #running: Running | null = null;
  /** Resolves when the process that runs has ended. */
  #gone: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(options: SqlProcessOptions) {
    this.#options = options;
  }

  run(message: ToSql): Promise<SqlAnswer> {
    if (this.#isClosed) return Promise.reject(new MayflyError("shutting-down"));
    if (this.#waiting.length >= MOST_WAITING) return Promise.reject(new MayflyError("sql-busy", { most: MOST_WAITING }));
    const { promise, resolve, reject } = Promise.withResolvers<SqlAnswer>();
    this.#waiting.push({ message, resolve, reject });
    this.#next();
    return promise;
  }

  /** Ends the process: requests that wait are carried out by another one. */
  async rest(): Promise<void> {
    this.#end("idle");
    await this.#gone;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new MayflyError("shutting-down"));
    await this.rest();
  }

  #next(): void {
    if (this.#current !== null || this.#waiting.length === 0) return;
    this.#current = this.#waiting.shift()!;
    this.#cancel();
    try {
      this.#running ??= this.#start();
    } catch (error) {
      this.#refuse("sql-failed", { what: (error as Error).message });
      return;
    }
    if (this.#running.isReady) this.#send();
    else this.#cancel = this.#options.clock.after(START_MS, () => this.#end("timeout"));
  }

  #send(): void {
    this.#running!.child.stdin!.write(frameOf(this.#current!.message));
    this.#within(this.#options.timeoutMs);
  }

  #within(ms: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(ms, () => this.#end("timeout"));
  }

  #start(): Running {
    const { tenant, folder, uids, memoryMb, timeoutMs } = this.#options;
    mkdirSync(folder, { recursive: true });
    // Without its capabilities, root enters only what everybody may enter; nobody else enters the state folder. A folder that was there may be of a backup, whose folders are its maker's alone.
    for (const each of [dirname(folder), folder]) chmodSync(each, 0o711);
    const held = uids?.take();
    if (held !== undefined) giveAll(folder, held.uid);
    const cgroup = createCgroup({ id: `sql-${tenant}`, memoryMb, vcpus: 1, share: { app: `sql-${tenant}`, tenant } });
    const job: SqlJob = { folder, ...(held && { confine: { uid: held.uid } }) };
    const running: Running = { child: spawnIn(job, cgroup, held !== undefined), cgroup, isReady: false, ended: null };
    const frames = new Frames();
    const wrong = (error: unknown) => {
      this.#options.onFailure(error);
      this.#end("invalid");
    };
    running.child.stdout!.on(
      "data",
      guarded((chunk: Buffer) => {
        for (const frame of frames.take(chunk)) this.#heard(running, frame);
      }, wrong),
    );
    // A write to a process that is ending fails; its end says what there is to say.
    running.child.stdin!.on("error", () => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    const over = async (code: number | null, signal: NodeJS.Signals | null) => {
      const outOfMemory = cgroup.oomKilled();
      await cgroup.remove();
      held?.release();
      if (this.#running === running) this.#running = null;
      resolve();
      this.#over(running, outOfMemory ? "it needed more memory than it may have" : `it ended with ${signal ?? `code ${code}`}`, timeoutMs);
    };
    running.child.once("close", (code, signal) => {
      over(code, signal).catch(this.#options.onFailure);
    });
    return running;
  }

  #heard(running: Running, frame: Buffer): void {
    const message = messageSchema.parse(JSON.parse(frame.toString()));
    if ("ready" in message) {
      running.isReady = true;
      if (this.#current !== null) this.#send();
      return;
    }
    const current = this.#current;
    if (current === null) throw new Error("the process of databases answered what nobody had asked");
    if ("copying" in message) return this.#within(COPY_MS);
    if ("copied" in message) {
      if (message.failed !== undefined) this.#options.onFailure(new Error(`a database was not copied: ${message.failed}`));
      return this.#within(this.#options.timeoutMs);
    }
    this.#current = null;
    this.#cancel();
    if ("failed" in message) current.reject(refusalOf(message.failed));
    else current.resolve(message);
    this.#cancel = this.#options.clock.after(IDLE_MS, () => this.#end("idle"));
    this.#next();
  }

  #end(why: NonNullable<Running["ended"]>): void {
    this.#cancel();
    if (this.#running === null) return;
    this.#running.ended ??= why;
    this.#running.child.kill("SIGKILL");
  }

  #over({ ended }: Running, how: string, timeoutMs: number): void {
    if (ended === "timeout") this.#refuse("sql-timeout", { seconds: timeoutMs / 1_000 });
    else if (this.#current !== null) this.#refuse("sql-failed", { what: how });
    else if (ended === null) this.#options.onFailure(new Error(`the process of a tenant's databases is gone: ${how}`));
  }

  #refuse(code: ErrorCode, details: ErrorDetails): void {
    const current = this.#current;
    this.#current = null;
    current?.reject(new MayflyError(code, details));
    this.#next();
  }
}

function refusalOf({ kind, what }: SqlFailure): MayflyError {
  if (kind === "missing") return new MayflyError("no-such-copy", { copy: what });
  if (kind === "large") return new MayflyError("sql-too-large", { what });
  return kind === "full" ? new MayflyError("sql-full") : new MayflyError("sql-error", { what });
}

/** Another server, or an earlier process, had another user. What such a process left is not trusted: a link is given, and never what it leads to. */
function giveAll(folder: string, uid: number): void {
  lchownSync(folder, uid, uid);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    lchownSync(join(entry.parentPath, entry.name), uid, uid);
}

function spawnIn(job: SqlJob, cgroup: Cgroup, asRoot: boolean): ChildProcess {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", `--max-old-space-size=${HEAP_MB}`, "--max-semi-space-size=2"];
  const command = [...around(asRoot), ...node, program, JSON.stringify(job)];
  const child = spawned(spawn(command[0]!, command.slice(1), { cwd: "/", env: {}, stdio: ["pipe", "pipe", "ignore"], detached: true }));
  cgroup.add(child.pid!);
  return child;
}

/** As root, the process enters a network namespace of its own, which has nothing, and keeps only the capabilities by which it gives all of them up. */
function around(asRoot: boolean): string[] {
  const limits = ["/usr/bin/prlimit", "--core=0", `--nofile=${DESCRIPTORS}`, "--"];
  if (!asRoot) return [...limits, "/usr/bin/setpriv", "--no-new-privs", "--pdeathsig=KILL"];
  const capabilities = ["setuid", "setgid", "sys_chroot"].map((name) => `+${name}`).join(",");
  const setpriv = ["/usr/bin/setpriv", "--no-new-privs", "--pdeathsig=KILL", "--inh-caps=-all", `--bounding-set=-all,${capabilities}`];
  return ["/usr/bin/unshare", "--net", ...limits, ...setpriv];
}
