import type { DatabaseSync } from "node:sqlite";
import { MOST_FAILURES, waitAfterFailure } from "../limits.ts";
import { calledBack, type CallbackMessage } from "../machine/by-itself.ts";
import type { ErrorObject, ExecutionEnd } from "../operation.ts";
import { hasEnded } from "../operation.ts";
import type { ExecutionRow, NewExecution } from "./execution-rows.ts";
import { type Effects, invocationCompleted, type Life, noEffects, soonest, type Wake, wakeOf } from "./life.ts";
import type { OperationPage } from "./operation-rows.ts";

/** How a call of the function ended. */
export type Invoked =
  /** The execution has ended with it. */
  | { kind: "ended"; end: ExecutionEnd }
  /** It waits for what it has begun. */
  | { kind: "pending" }
  /** The function broke off: it is called again. */
  | { kind: "broken"; error: ErrorObject }
  /** It was not called, or the platform failed: it is called again, and that does not count. */
  | { kind: "refused" };

/** A call of the function. */
export interface Begun {
  execution: Pick<
    ExecutionRow,
    "seq" | "id" | "app" | "function" | "version" | "name" | "isDurable" | "about" | "invocation" | "startedAt"
  >;
  /** Of a plain function. */
  input: string | undefined;
  page: OperationPage;
  /** Operations that came to their end since the function was called last. */
  updated: string[];
}

export interface Ripened {
  effects: Effects;
  /** When something happens next; null: nothing does. */
  nextAt: number | null;
  /** Whether there are more executions whose functions are to be called than `effects` names. */
  hasMore: boolean;
}

export type StartAnswer = { kind: "started"; id: string; isNew: boolean; effects: Effects } | { kind: "other" } | { kind: "too-many" };

/** Executions in which something is due, at once. */
const AT_ONCE = 500;
const NOTHING_PENDING = "Cannot return PENDING status with no pending operations.";

export function runOperations(db: DatabaseSync, life: Life) {
  const { executions, operations } = life;
  const wanted = db.prepare("SELECT seq, app, function FROM executions WHERE wanted_at <= ? AND running = 0 ORDER BY wanted_at LIMIT ?");
  const timedOut = db.prepare("SELECT seq FROM executions WHERE times_out_at <= ? ORDER BY times_out_at LIMIT ?");
  const nextTimeout = db.prepare("SELECT min(times_out_at) AS at FROM executions WHERE times_out_at IS NOT NULL");
  const nextWanted = db.prepare("SELECT min(wanted_at) AS at FROM executions WHERE wanted_at > ?");
  const recover = db.prepare("UPDATE executions SET running = 0, wanted_at = ? WHERE running = 1");

  function brokenOff(row: ExecutionRow, error: ErrorObject, now: number, effects: Effects): void {
    row.failures += 1;
    if (row.failures >= MOST_FAILURES) return life.finish(row, { status: "FAILED", error }, now, effects);
    row.wantedAt = now + waitAfterFailure(row.failures);
    soonest(effects, row.wantedAt);
    executions.save(row);
  }

  function pending(row: ExecutionRow, now: number, effects: Effects): void {
    const isNews = life.ripenOne(row, now) || row.wasTold || operations.idsSince(row.seq, row.seen).length > 0;
    if (!isNews && !operations.isWaiting(row.seq))
      return life.finish(
        row,
        { status: "FAILED", error: { ErrorType: "InvalidParameterValueException", ErrorMessage: NOTHING_PENDING } },
        now,
        effects,
      );
    if (isNews) life.wake(row, now, effects);
    executions.save(row);
  }

  return {
    start({ execution, mostOpen, now }: { execution: NewExecution; mostOpen: number; now: number }): StartAnswer {
      const known = executions.named(execution.app, execution.function, execution.name);
      if (known !== undefined)
        return known.digest === execution.digest
          ? { kind: "started", id: known.id, isNew: false, effects: noEffects() }
          : { kind: "other" };
      if (executions.open(execution.app) >= mostOpen) return { kind: "too-many" };
      const effects = noEffects();
      const { id } = life.start(execution, now, effects);
      return { kind: "started", id, isNew: true, effects };
    },
    /** Takes an execution whose function is to be called. Null if it is not wanted any more. @param bytes about how many of its operations */
    begin({ seq, token, bytes, most, now }: { seq: number; token: string; bytes: number; most: number; now: number }): Begun | null {
      const row = executions.bySeq(seq);
      if (row === undefined || row.status !== "RUNNING" || row.isRunning || row.wantedAt === null || row.wantedAt > now) return null;
      life.ripenOne(row, now);
      const updated = operations.idsSince(seq, row.seen);
      Object.assign(row, { isRunning: true, wantedAt: null, invokedAt: now, token, last: null, seen: row.changes, wasTold: false });
      row.invocation += 1;
      executions.save(row);
      const page = row.isDurable ? operations.page(seq, 0, most, bytes) : { operations: [], next: null };
      const { id, app, function: name, version, name: own, isDurable, about, invocation, startedAt } = row;
      const execution = { seq, id, app, function: name, version, name: own, isDurable, about, invocation, startedAt };
      return { execution, input: isDurable ? undefined : executions.contents(seq).input, page, updated };
    },
    /** The call of the function has ended. */
    invoked({
      seq,
      invocation,
      requestId,
      outcome,
      now,
    }: {
      seq: number;
      invocation: number;
      requestId: string;
      outcome: Invoked;
      now: number;
    }): Effects {
      const effects = noEffects();
      const row = executions.bySeq(seq);
      // The app may have been removed meanwhile.
      if (row === undefined || row.invocation !== invocation || !row.isRunning) return effects;
      row.isRunning = false;
      row.token = "";
      if (outcome.kind !== "refused")
        executions.tell(row, invocationCompleted(row, requestId, now, outcome.kind === "broken" ? outcome.error : undefined), now);
      if (row.status !== "RUNNING") executions.save(row);
      else if (outcome.kind === "ended") life.finish(row, outcome.end, now, effects);
      else if (outcome.kind === "pending") pending(row, now, effects);
      else if (outcome.kind === "broken") brokenOff(row, outcome.error, now, effects);
      else {
        row.wantedAt = now + 1_000;
        soonest(effects, row.wantedAt);
        executions.save(row);
      }
      // As long as the function was being called, nobody watched for what becomes due.
      if (row.status === "RUNNING") soonest(effects, operations.nextDue(seq));
      return effects;
    },
    callBack({
      id,
      message,
      now,
    }: {
      id: string;
      message: CallbackMessage;
      now: number;
    }): { app: string; effects: Effects } | "unknown" | "closed" {
      const found = operations.byCallback(id);
      if (found === undefined) return "unknown";
      const row = executions.at(found.seq);
      const { operation } = found;
      if (row.status !== "RUNNING" || hasEnded(operation) || (operation.dueAt !== null && operation.dueAt <= now)) return "closed";
      const effects = noEffects();
      const isEnd = message.kind !== "heartbeat";
      const applied = calledBack(operation, message, now);
      life.settle(row, applied, now, isEnd);
      soonest(effects, applied.operation.dueAt);
      if (isEnd && !operations.isOrphan(row.seq, operation)) life.wake(row, now, effects);
      executions.save(row);
      return { app: row.app, effects };
    },
    /** Whose callback it is; undefined: nobody's. */
    callbackOf({ id }: { id: string }): { app: string; function: string } | undefined {
      const found = operations.byCallback(id);
      if (found === undefined) return undefined;
      const { app, function: name } = executions.at(found.seq);
      return { app, function: name };
    },
    stop({ id, error, now }: { id: string; error: ErrorObject | undefined; now: number }): { stoppedAt: number; effects: Effects } | null {
      const row = executions.find(id);
      if (row === undefined) return null;
      const effects = noEffects();
      if (row.status === "RUNNING")
        life.finish(row, { status: "STOPPED", error: error ?? { ErrorMessage: "The execution was stopped." } }, now, effects);
      return { stoppedAt: row.endedAt ?? now, effects };
    },
    /** Lets happen what is due. There may be more than it has let happen: then `nextAt` is in the past. */
    ripen({ now }: { now: number }): Ripened {
      const effects = noEffects();
      for (const { seq } of timedOut.all(now, AT_ONCE)) {
        const error = { ErrorType: "Execution.Timeout", ErrorMessage: "The execution has taken longer than its time-out." };
        life.finish(executions.at(Number(seq)), { status: "TIMED_OUT", error }, now, effects);
      }
      for (const seq of new Set(operations.due(now, AT_ONCE).map((each) => each.seq))) {
        const row = executions.at(seq);
        if (life.ripenOne(row, now)) life.wake(row, now, effects);
        executions.save(row);
      }
      const rows = wanted.all(now, AT_ONCE);
      for (const row of rows) addOnce(effects.wake, wakeOf(row as unknown as ExecutionRow));
      const times = [nextTimeout.get()!["at"], nextWanted.get(now)!["at"], operations.nextDue()];
      const nextAt = times.reduce<number | null>((least, at) => (at === null ? least : Math.min(least ?? Infinity, Number(at))), null);
      return { effects, nextAt, hasMore: rows.length === AT_ONCE };
    },
    /** Called once, at a start: functions that were being called when the server ended are called again. */
    recover({ now }: { now: number }): void {
      recover.run(now);
    },
  };
}

function addOnce(wakes: Wake[], wake: Wake): void {
  if (!wakes.some(({ seq }) => seq === wake.seq)) wakes.push(wake);
}
