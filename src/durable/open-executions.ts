import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerStart } from "../base/config/server-start.ts";
import type { GroupCommit } from "../store/group-commit/group-commit.ts";
import { LazyCommit } from "../store/group-commit/lazy-commit.ts";
import { openGroupCommit } from "../store/group-commit/open-group-commit.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { Tracing } from "../telemetry/traces/tracing.ts";
import { Ends } from "./ends.ts";
import type { Executions } from "./executions.ts";
import { executionsOver } from "./executions-over.ts";
import type { Invoker } from "./invoker.ts";
import { Runner } from "./runner.ts";
import type { ExecutionOperations } from "./store/engine.ts";
import { endedEvent, type TracedExecutions } from "./traced-executions.ts";

export interface OpenedExecutions {
  executions: Executions;
  /** Begins with what an earlier server left. @param invoker who calls the functions from now on */
  start(invoker: Invoker): Promise<void>;
}

const FORGET_MS = 60_000;
/** Of the operations that a function gets at once. A call's payload may have 6 MB. */
const PAGE_BYTES = 2 * 2 ** 20;

/** Opens the durable executions of a state folder. Their file is made when the first one is started, and opened at the start only if it is there. */
export function openExecutions(
  { config, clock, log, closing }: ServerStart,
  events: EventStream,
  tracing: Tracing | undefined,
): OpenedExecutions {
  const { maxRunning, maxOperations, maxMb, maxOpen } = config.durable;
  const file = join(config.stateDir, "durable.db");
  const onFailure = (error: unknown) => log.error({ err: error }, "the state of a durable execution was not stored; it is tried again");
  const module = new URL("store/engine.ts", import.meta.url);
  const commit = new LazyCommit(() => openGroupCommit<ExecutionOperations>({ file, module, onFailure }));
  closing.defer(() => commit.close());
  const isThere = () => commit.isOpen || existsSync(file);
  const newToken = () => randomBytes(32).toString("base64");
  const ends = new Ends();
  const traced: TracedExecutions | undefined = tracing && { tracing, tell: (event) => events.tell(event) };
  let invoker: Invoker = { invoke: () => Promise.reject(new Error("nobody calls the functions of executions yet")) };
  const runner = new Runner({
    commit,
    invoker: () => invoker,
    clock,
    newToken,
    most: maxRunning,
    ofLane: Math.max(1, Math.ceil(maxRunning / 4)),
    pageBytes: PAGE_BYTES,
    onEnded(id) {
      ends.tell(id);
      if (traced !== undefined) tellEnded(commit, id, traced).catch(onFailure);
    },
    onFailure,
  });
  closing.defer(() => runner.close());
  closing.defer(
    clock.every(FORGET_MS, () => {
      if (commit.isOpen) forget(commit, clock.wall()).catch(onFailure);
    }),
  );
  closing.defer(
    events.listen({
      "app-removed": ({ app }) => {
        if (isThere()) removeAll(commit, runner, app, () => clock.wall()).catch(onFailure);
      },
    }),
  );
  const limits = { operations: maxOperations, bytes: maxMb * 2 ** 20, open: maxOpen };
  const executions = executionsOver({
    commit,
    runner,
    ends,
    limits,
    pageBytes: PAGE_BYTES,
    newToken,
    isThere,
    now: () => clock.wall(),
    traced,
  });
  return {
    executions,
    async start(given) {
      invoker = given;
      if (isThere()) await runner.start();
    },
  };
}

async function tellEnded(commit: GroupCommit<ExecutionOperations>, id: string, { tell }: TracedExecutions): Promise<void> {
  const row = await commit.run("endedRow", { id });
  const event = row === null ? undefined : endedEvent(row);
  if (event !== undefined) tell(event);
}

async function forget(commit: GroupCommit<ExecutionOperations>, now: number): Promise<void> {
  while (await commit.run("forget", { now }));
}

async function removeAll(commit: GroupCommit<ExecutionOperations>, runner: Runner, app: string, now: () => number): Promise<void> {
  for (let hasMore = true; hasMore;) {
    const removed = await commit.run("removeApp", { app, now: now() });
    runner.take(removed.effects);
    hasMore = removed.hasMore;
  }
}
