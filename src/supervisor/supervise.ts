/**
 * `mayfly serve` is two processes: this small supervisor, and the worker that does everything else (worker.ts). A worker that dies is
 * replaced.
 *
 * Owns: the worker, the listening sockets, and supervisor.json.
 * 1. If the first worker reports that it can't start, it is not started again: the supervisor ends with the worker's exit code.
 * 2. The worker ends when the supervisor ends, for whatever reason.
 * 3. The supervisor passes signals on to the worker. A signal that ends the worker ends both. After a second such signal the worker is
 *    killed if it does not end by itself.
 * 4. A worker that answers nothing for a minute is killed, and replaced like one that died.
 * 5. The supervisor keeps the lock of the state folder for as long as it lives, through all deaths of workers.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { assertDescriptors } from "../clients/descriptors.ts";
import type { Config } from "../base/config/schema.ts";
import { spawned } from "../machines/host/spawned.ts";
import { MayflyError } from "../base/errors/error.ts";
import { openServerLog } from "../store/logs/server-log.ts";
import { lockForSupervisor } from "../store/state-folder/lock.ts";
import { type Listeners, openListeners } from "./listeners.ts";
import { type LostCalls, lostCalls } from "./lost-calls.ts";
import type { Ask, FromWorker, StartMessage, UpInfo } from "./messages.ts";
import { standingFrom, type SupervisorRecord, writeRecord } from "./record.ts";
import { afterDeath, afterLife, APART_MS, apart, delayAfter, takenUp } from "./standing.ts";

/** The numbers of the file descriptors that a worker inherits. */
const WorkerFd = { Channel: 3, Gateway: 4, Api: 5 } as const;
/**
 * After a worker has once been up, this many refusals to start in a row end the supervisor: the obstacle may go away by itself before that.
 */
const REFUSALS = 5;
const ASK_MS = 5_000;
/**
 * Unanswered questions after which a worker counts as hung. Questions are counted rather than seconds, because a host that was suspended
 * asks only once for the whole time of its sleep.
 */
const UNANSWERED = 12;
/** How long a worker may take to end after a second signal. */
const AT_ONCE_MS = 1_000;

export interface SuperviseOptions {
  config: Config;
  /** The path of the worker's program. */
  program: string;
  /** Whether errors at the start are printed as JSON. */
  json: boolean;
  /** Called once, when the first worker is up. */
  onUp: (info: UpInfo, worker: number) => void;
}

/** Resolves with the exit code when `mayfly serve` ends. Rejects if something prevents the start before there is a worker. */
export async function supervise({ config, program, json, onUp }: SuperviseOptions): Promise<number> {
  assertDescriptors();
  const release = claim(config.stateDir);
  const log = openServerLog(config);
  const startedAt = Date.now();
  const ended = Promise.withResolvers<number>();
  let lost: LostCalls[] = [];
  let standing = standingFrom(config.stateDir);
  let listeners: Listeners | undefined;
  let worker: ChildProcess | undefined;
  let workerIsUp = false;
  let wasUp = false;
  let ownsFolder = false;
  let refusals = 0;
  let ending = false;
  /** How many calls are in flight while the worker is ending. */
  let calls: number | undefined;
  let waiting: NodeJS.Timeout | undefined;

  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => end(signal));
  // A worker that is not up yet needs no signal: it will read the new certificates anyway.
  process.on("SIGHUP", () => void (workerIsUp && worker?.kill("SIGHUP")));
  try {
    listeners = await openListeners(config);
    if (!ending) launch(listeners);
    return await ended.promise;
  } finally {
    release();
  }

  function launch(sockets: Listeners): void {
    const bornAt = Date.now();
    const started = new Map<string, number>();
    const serving = new Set<string>();
    let inFlight: [string, number][] | undefined;
    let lastWords: string | undefined;
    let refusedWith: number | undefined;
    let isUp = false;
    let unanswered = 0;
    const now = spawnWorker(program, sockets);
    worker = now;
    const asking = setInterval(() => {
      if (unanswered++ < UNANSWERED) now.send({ type: "ask" } satisfies Ask, () => undefined);
      else {
        lastWords = `it answered nothing for ${(UNANSWERED * ASK_MS) / 1_000} s`;
        now.kill("SIGKILL");
      }
    }, ASK_MS);
    now.on("message", (message: FromWorker) => {
      unanswered = 0;
      if (message.type === "alive") return;
      if (message.type === "locked") {
        ownsFolder = true;
        keep("starting");
      } else if (message.type === "up") {
        isUp = workerIsUp = true;
        refusals = 0;
        lost = [];
        if (wasUp) log.warn({ worker: now.pid, restarts: standing.restarts }, "the worker is up again");
        else onUp(message, now.pid!);
        wasUp = true;
        keep("up");
      } else if (message.type === "refused") refusedWith = message.exitCode;
      else if (message.type === "dying") [lastWords, inFlight] = [message.reason, message.inFlight];
      else if (message.type === "serving") serving[message.serves ? "add" : "delete"](message.app);
      else if (message.type === "stopping") {
        calls = message.calls;
        if (ending) keep("stopping");
      } else if (message.type === "starting") started.set(message.appliance, Date.now());
      else {
        standing = takenUp(standing, message.appliance);
        started.delete(message.appliance);
        keep("up");
      }
    });
    now.once("close", (code, signal) => {
      clearInterval(asking);
      worker = undefined;
      workerIsUp = false;
      // A worker that has not come up yet dies from the signal itself, which is what the user asked for.
      if (ending) {
        standing = afterLife(standing, Date.now(), started);
        keep("stopping");
        return finish(code ?? (signal === "SIGKILL" ? 1 : 0));
      }
      if (refusedWith !== undefined && (!wasUp || ++refusals >= REFUSALS)) return finish(refusedWith);
      const how = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
      const reason = [how, lastWords ?? (refusedWith === undefined ? hintOf(signal) : "it said what was in its way")]
        .filter(Boolean)
        .join(": ");
      const death = { at: Date.now(), reason, livedMs: Date.now() - bornAt };
      lost.push(lostCalls(death, serving, inFlight));
      replace(death, isUp, started);
    });
    const { pid } = process;
    const { deaths, restarts, leftAlone: leaveAlone } = standing;
    const inherited = { gateway: WorkerFd.Gateway, api: WorkerFd.Api };
    const suspected = { appliances: apart(standing), everyMs: APART_MS };
    const message: StartMessage = {
      config,
      json,
      sockets: inherited,
      pid,
      startedAt,
      deaths,
      restarts,
      lost,
      leaveAlone,
      apart: suspected,
    };
    now.send(message, () => undefined); // if the worker has just died, its exit event reports that
  }

  function replace(
    death: { at: number; reason: string; livedMs: number },
    wasWorking: boolean,
    started: ReadonlyMap<string, number>,
  ): void {
    const known = new Set(standing.leftAlone);
    standing = afterDeath(standing, death, started);
    const ms = delayAfter(standing.deaths);
    const more = { livedMs: death.livedMs, up: wasWorking, restarts: standing.restarts };
    log.error(
      { reason: death.reason, ...more },
      `the worker died; ${ms === 0 ? "another one starts" : `another one starts in ${ms / 1_000} s`}`,
    );
    for (const appliance of standing.leftAlone) {
      if (!known.has(appliance))
        log.error({ appliance }, "the worker died right after this appliance was started, time and again: it is left alone");
    }
    keep("restarting");
    waiting = setTimeout(tryLaunch, ms);
  }

  function tryLaunch(): void {
    try {
      launch(listeners!);
    } catch (error) {
      replace({ at: Date.now(), reason: (error as Error).message, livedMs: 0 }, false, new Map());
    }
  }

  /** A failed write is ignored: the next supervisor then lacks only what this one learned. */
  function keep(state: SupervisorRecord["state"]): void {
    if (!ownsFolder) return;
    try {
      writeRecord(config.stateDir, { pid: process.pid, startedAt, state, calls, ...standing });
    } catch (error) {
      log.error({ err: error }, "supervisor.json was not written");
    }
  }

  function end(signal: NodeJS.Signals): void {
    if (ending) setTimeout(() => worker?.kill("SIGKILL"), AT_ONCE_MS);
    ending = true;
    keep("stopping");
    // From now on no worker will come, so no connection may wait for one.
    listeners?.close();
    if (worker === undefined) finish(0);
    else worker.kill(signal);
  }

  function finish(code: number): void {
    clearTimeout(waiting);
    listeners?.close();
    ended.resolve(code);
  }
}

/** Throws "state-locked". Every other obstacle is reported by the worker. */
function claim(stateDir: string): () => void {
  try {
    return lockForSupervisor(stateDir);
  } catch (error) {
    if (error instanceof MayflyError && error.code === "state-locked") throw error;
    return () => undefined;
  }
}

function spawnWorker(program: string, { gateway, api }: { gateway: number; api: number }): ChildProcess {
  const stdio: ("ignore" | "inherit" | "ipc" | number)[] = ["ignore", "inherit", "inherit"];
  stdio[WorkerFd.Channel] = "ipc";
  stdio[WorkerFd.Gateway] = gateway;
  stdio[WorkerFd.Api] = api;
  // The worker gets a process group of its own, so that a terminal's signals reach only the supervisor, which passes them on.
  return spawned(spawn(process.execPath, [...process.execArgv, program], { stdio, detached: true }));
}

function hintOf(signal: NodeJS.Signals | null): string {
  if (signal === "SIGABRT" || signal === "SIGSEGV") return "Node itself gave up, for lack of memory perhaps: standard error has more";
  return signal === "SIGKILL" ? "by somebody, or by the kernel for lack of memory" : "";
}
