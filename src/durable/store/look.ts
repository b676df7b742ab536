import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { EventType, HistoryEvent } from "../history-event.ts";
import type { ErrorObject, ExecutionEnd, ExecutionStatus, OperationStatus, OperationType } from "../operation.ts";
import type { ExecutionRow } from "./execution-rows.ts";
import { type Effects, type Life, noEffects } from "./life.ts";
import type { OperationPage } from "./operation-rows.ts";

export interface ShownExecution extends Pick<
  ExecutionRow,
  "id" | "app" | "function" | "version" | "name" | "status" | "startedAt" | "endedAt" | "timesOutAt" | "about"
> {
  seq: number;
}

export type ExecutionFacts = Pick<ExecutionRow, "id" | "app" | "function" | "version" | "name" | "about">;

export interface DetailedExecution extends ShownExecution {
  input: string | undefined;
  result: string | undefined;
  error: ErrorObject | undefined;
  operations: number;
  events: number;
  bytes: number;
  invocations: number;
  /** What it waits for, in the order in which it began; not all, if there are many. */
  waitsFor: Waiting[];
  isRunning: boolean;
  /** When its function is to be called next, wall clock, ms; null: when what it waits for has happened. */
  wantedAt: number | null;
  /** Calls in a row that failed and stored nothing. */
  failures: number;
}

export interface Waiting {
  type: OperationType;
  status: OperationStatus;
  name: string | undefined;
  /** Wall clock, ms; null: for somebody else. */
  dueAt: number | null;
  callbackId: string | undefined;
}

export interface NumberedEvent extends HistoryEvent {
  number: number;
  at: number;
}

export interface HistoryPage {
  events: NumberedEvent[];
  /** Where the next page begins; null: there is none. */
  next: number | null;
}

export interface ListQuery {
  app: string;
  /** Of one of these functions; undefined: of all of the app. */
  functions?: string[] | undefined;
  version?: string | undefined;
  name?: string | undefined;
  statuses?: ExecutionStatus[] | undefined;
  startedAfter?: number | undefined;
  startedBefore?: number | undefined;
  /** Whether the newest come first. */
  isNewestFirst: boolean;
  most: number;
  /** Of the page before: its `next`. */
  after?: number | undefined;
}

const MOST_WAITING = 20;
const FORGET_AT_ONCE = 20;
/** Of a page of the history. */
const PAGE_BYTES = 4 * 2 ** 20;

/** What callers, in other apps, are told of an execution whose app is removed. */
const REMOVED: ExecutionEnd = {
  status: "FAILED",
  error: { ErrorType: "ResourceNotFoundException", ErrorMessage: "The function was removed while it was being executed." },
};

export function lookOperations(db: DatabaseSync, life: Life) {
  const { executions, operations } = life;
  const events = db.prepare("SELECT * FROM history WHERE seq = ? AND number > ? ORDER BY number LIMIT ?");
  const eventsBack = db.prepare("SELECT * FROM history WHERE seq = ? AND number < ? ORDER BY number DESC LIMIT ?");
  const waiting = db.prepare(
    `SELECT own.type, own.status, own.facts, own.due_at, own.callback, above.facts AS above FROM operations AS own
     LEFT JOIN operations AS above ON above.seq = own.seq AND above.id = own.parent
     WHERE own.seq = ? AND own.status IN ('PENDING', 'READY', 'STARTED') AND own.type <> 'CONTEXT' AND own.type <> 'EXECUTION' ORDER BY own.number LIMIT ${MOST_WAITING}`,
  );
  const forgettable = db.prepare("SELECT seq FROM executions WHERE forget_at <= ? ORDER BY forget_at LIMIT ?");
  const ofApp = db.prepare("SELECT seq FROM executions WHERE app = ? LIMIT ?");
  const removals = ["operations", "history", "contents", "executions"].map((table) => db.prepare(`DELETE FROM ${table} WHERE seq = ?`));

  function remove(rows: Record<string, SQLOutputValue>[]): boolean {
    for (const { seq } of rows) for (const removal of removals) removal.run(seq!);
    return rows.length === FORGET_AT_ONCE;
  }

  return {
    /** What of an execution does not change. */
    facts({ id }: { id: string }): ExecutionFacts | null {
      const row = executions.find(id);
      if (row === undefined || !row.isDurable) return null;
      const { app, function: name, version, name: own, about } = row;
      return { id, app, function: name, version, name: own, about };
    },
    /** Of one that has ended, whether it is durable or not. */
    endedRow({ id }: { id: string }): ExecutionRow | null {
      const row = executions.find(id);
      return row === undefined || row.endedAt === null ? null : row;
    },
    get({ id }: { id: string }): DetailedExecution | null {
      const row = executions.find(id);
      if (row === undefined || !row.isDurable) return null;
      const { input, result, error } = executions.contents(row.seq);
      const waitsFor = row.status === "RUNNING" ? waiting.all(row.seq).map(readWaiting) : [];
      const { operations: count, events: numbered, bytes, invocation, isRunning, wantedAt, failures } = row;
      return {
        ...shown(row),
        input,
        result,
        error,
        operations: count,
        events: numbered,
        bytes,
        invocations: invocation,
        waitsFor,
        isRunning,
        wantedAt,
        failures,
      };
    },
    /** What a plain function returned that an execution called, and executions of any kind. */
    outcome({ id }: { id: string }): { status: ExecutionStatus; result: string | undefined; error: ErrorObject | undefined } | null {
      const row = executions.find(id);
      if (row === undefined) return null;
      const { result, error } = executions.contents(row.seq);
      return { status: row.status, result, error };
    },
    /** @param after the number of an event that was the last of the page before */
    history({ id, after, most, isReverse }: { id: string; after: number | null; most: number; isReverse: boolean }): HistoryPage | null {
      const row = executions.find(id);
      if (row === undefined || !row.isDurable) return null;
      const found = isReverse
        ? eventsBack.iterate(row.seq, after ?? row.events + 1, most + 1)
        : events.iterate(row.seq, after ?? 0, most + 1);
      const list: NumberedEvent[] = [];
      let bytes = 0;
      for (const each of found) {
        bytes += String(each["event"]).length;
        if (list.length === most || (list.length > 0 && bytes > PAGE_BYTES)) return { events: list, next: list.at(-1)!.number };
        list.push(readEvent(each));
      }
      return { events: list, next: null };
    },
    /** The operations that the function needs to run again; for a function that holds the token. */
    state({
      id,
      token,
      after,
      most,
      bytes,
    }: {
      id: string;
      token: string;
      after: number;
      most: number;
      bytes: number;
    }): OperationPage | null | "wrong-token" {
      const row = executions.find(id);
      if (row === undefined || !row.isDurable) return null;
      if (row.status !== "RUNNING" || row.token !== token) return "wrong-token";
      return operations.page(row.seq, after, most, bytes);
    },
    list(query: ListQuery): { executions: ShownExecution[]; next: number | null } {
      const { text, values } = listStatement(query);
      const rows = db.prepare(text).all(...values);
      const found = rows.slice(0, query.most).map((row) => shown(executions.at(Number(row["seq"]))));
      return { executions: found, next: rows.length > query.most ? found.at(-1)!.seq : null };
    },
    /** Removes executions that were kept long enough. Returns whether there may be more. */
    forget: ({ now }: { now: number }): boolean => remove(forgettable.all(now, FORGET_AT_ONCE)),
    /** Those that have not ended end by it, so that their callers go on. Returns whether there may be more. */
    removeApp({ app, now }: { app: string; now: number }): { hasMore: boolean; effects: Effects } {
      const effects = noEffects();
      const rows = ofApp.all(app, FORGET_AT_ONCE);
      for (const { seq } of rows) {
        const row = executions.at(Number(seq));
        if (row.status === "RUNNING") life.finish(row, REMOVED, now, effects);
      }
      const hasMore = remove(rows);
      if (!hasMore) executions.closeAll(app);
      return { hasMore, effects };
    },
  };
}

function listStatement(query: ListQuery): { text: string; values: (string | number)[] } {
  const { app, functions, version, name: own, statuses, startedAfter, startedBefore, isNewestFirst, most, after } = query;
  const conditions: [string, (string | number)[]][] = [["app = ? AND durable = 1", [app]]];
  if (functions !== undefined) conditions.push([`function IN (${functions.map(() => "?").join(", ")})`, functions]);
  if (version !== undefined) conditions.push(["version = ?", [version]]);
  if (own !== undefined) conditions.push(["name = ?", [own]]);
  if (statuses !== undefined && statuses.length > 0) conditions.push([`status IN (${statuses.map(() => "?").join(", ")})`, statuses]);
  if (startedAfter !== undefined) conditions.push(["started_at > ?", [startedAfter]]);
  if (startedBefore !== undefined) conditions.push(["started_at < ?", [startedBefore]]);
  if (after !== undefined) conditions.push([isNewestFirst ? "seq < ?" : "seq > ?", [after]]);
  const text = `SELECT seq FROM executions WHERE ${conditions.map(([condition]) => condition).join(" AND ")} ORDER BY seq ${isNewestFirst ? "DESC" : "ASC"} LIMIT ?`;
  return { text, values: [...conditions.flatMap(([, values]) => values), most + 1] };
}

function shown({
  seq,
  id,
  app,
  function: name,
  version,
  name: own,
  status,
  startedAt,
  endedAt,
  timesOutAt,
  about,
}: ExecutionRow): ShownExecution {
  return { seq, id, app, function: name, version, name: own, status, startedAt, endedAt, timesOutAt, about };
}

function readWaiting(row: Record<string, SQLOutputValue>): Waiting {
  // The callback of waitForCallback has no name: that of its context is what the function calls it.
  const names = [row["facts"], row["above"]].map((facts) => (facts == null ? {} : (JSON.parse(String(facts)) as { name?: string })).name);
  const name = names[0] ?? names[1];
  return {
    type: String(row["type"]) as OperationType,
    status: String(row["status"]) as OperationStatus,
    name,
    dueAt: row["due_at"] as number | null,
    callbackId: (row["callback"] as string | null) ?? undefined,
  };
}

function readEvent(row: Record<string, SQLOutputValue>): NumberedEvent {
  const event = JSON.parse(String(row["event"])) as Pick<HistoryEvent, "of" | "details">;
  return { ...event, number: Number(row["number"]), at: Number(row["at"]), type: String(row["type"]) as EventType };
}
