/** What happens to executions as a whole: they start, go on and end. Used by all operations of the engine. */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { ending, happened } from "../history-event.ts";
import { becameDue, calleeEnded } from "../machine/by-itself.ts";
import type { Applied } from "../machine/apply-update.ts";
import { type ExecutionEnd, hasEnded, type Operation } from "../operation.ts";
import { createExecutionTable, type ExecutionRow, type NewExecution, startedEvent } from "./execution-rows.ts";
import { createOperationTable } from "./operation-rows.ts";

/** What an operation of the engine has set going. */
export interface Effects {
  /** Executions whose function is to be called now. */
  wake: Wake[];
  /** The ids of executions that have ended. */
  ended: string[];
  /** When something happens next by itself; null: nothing was added. Wall clock, ms. */
  dueAt: number | null;
}

export interface Wake {
  seq: number;
  /** Executions of different lanes never wait for each other. */
  lane: string;
}

export function noEffects(): Effects {
  return { wake: [], ended: [], dueAt: null };
}

export type Life = ReturnType<typeof createLife>;

export function createLife(db: DatabaseSync) {
  const executions = createExecutionTable(db);
  const operations = createOperationTable(db);

  /** Changes of `row` are stored by the caller. */
  function settle(row: ExecutionRow, { operation, event }: Applied, now: number, isByItself: boolean): void {
    operations.put(row, operation, isByItself);
    if (event !== undefined) executions.tell(row, event, now);
  }

  function start(execution: NewExecution, now: number, effects: Effects, parent?: { seq: number; operation: string }): ExecutionRow {
    const row = executions.insert(execution, now, parent);
    if (row.isDurable) {
      const { input } = execution;
      const operation: Operation = {
        id: row.id,
        parent: null,
        type: "EXECUTION",
        status: "STARTED",
        name: row.name,
        startedAt: now,
        dueAt: null,
        result: input,
      };
      operations.put(row, operation, false);
      executions.tell(row, startedEvent(row, input), now);
      executions.save(row);
    }
    effects.wake.push(wakeOf(row));
    soonest(effects, row.timesOutAt);
    return row;
  }

  /** The function is to be called, unless it is being called: then that is seen when it has ended. Changes of `row` are stored by the caller. */
  function wake(row: ExecutionRow, now: number, effects: Effects): void {
    if (row.status !== "RUNNING" || row.isRunning || (row.wantedAt !== null && row.wantedAt <= now)) return;
    row.wantedAt = now;
    effects.wake.push(wakeOf(row));
  }

  /** Stores `row`. */
  function finish(row: ExecutionRow, end: ExecutionEnd, now: number, effects: Effects): void {
    const { status, result, error } = end;
    Object.assign(row, { status, endedAt: now, timesOutAt: null, wantedAt: null, token: "", last: null });
    executions.tell(row, ending("Execution", end, { id: row.id, parent: null, name: row.name, subType: undefined }), now);
    executions.save(row);
    executions.end(row, now + row.keepMs, result, error);
    operations.silence(row.seq);
    effects.ended.push(row.id);
    if (row.parent !== null) tellCaller(row, end, now, effects);
  }

  function tellCaller({ seq, parent, parentOperation }: ExecutionRow, end: ExecutionEnd, now: number, effects: Effects): void {
    const caller = executions.bySeq(parent!);
    if (caller?.status !== "RUNNING") return;
    if (caller.isRunning) return executions.keepUntold(seq);
    if (calleeOver(caller, parentOperation!, end, now)) wake(caller, now, effects);
    executions.save(caller);
  }

  /** Returns whether the caller's function is to be told. Changes of `caller` are stored by the caller. */
  function calleeOver(caller: ExecutionRow, operation: string, end: ExecutionEnd, now: number): boolean {
    const before = operations.find(caller.seq, operation);
    if (before === undefined || hasEnded(before)) return false;
    settle(caller, calleeEnded(before, end, now), now, true);
    return !operations.isOrphan(caller.seq, before);
  }

  function tellOfCallees(caller: ExecutionRow, now: number): boolean {
    let isNews = false;
    for (const { seq, status, parentOperation } of executions.takeUntold(caller.seq)) {
      const { result, error } = executions.contents(seq);
      const end = { status, result, error } as ExecutionEnd;
      if (calleeOver(caller, parentOperation!, end, now)) isNews = true;
    }
    return isNews;
  }

  /** Lets happen what is due of one execution, and tells it of callees that have ended. Changes of `row` are stored by the caller. Returns whether its function is to be told. */
  function ripenOne(row: ExecutionRow, now: number): boolean {
    let isNews = tellOfCallees(row, now);
    for (const { operation } of operations.due(now, 1_000, row.seq)) {
      settle(row, becameDue(operation, now), now, true);
      isNews ||= !operations.isOrphan(row.seq, operation);
    }
    return isNews;
  }

  return { executions, operations, settle, start, wake, finish, ripenOne };
}

export function wakeOf({ seq, app, function: name }: Pick<ExecutionRow, "seq" | "app" | "function">): Wake {
  return { seq, lane: `${app} ${name}` };
}

export function soonest(effects: Effects, at: number | null): void {
  if (at !== null) effects.dueAt = effects.dueAt === null ? at : Math.min(effects.dueAt, at);
}

/** An id that follows from a secret, because the thread has no randomness of its own. */
export function derivedId(secret: string, what: string): Buffer {
  return createHash("sha256").update(`${secret}\n${what}`).digest();
}

export const invocationCompleted = (row: ExecutionRow, requestId: string, now: number, error: object | undefined) =>
  happened("InvocationCompleted", undefined, {
    StartTimestamp: row.invokedAt ?? now,
    EndTimestamp: now,
    RequestId: requestId,
    ...(error !== undefined && { Error: { Payload: error, Truncated: false } }),
  });
