/** Executions as rows. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { ErrorObject, ExecutionStatus } from "../operation.ts";
import { happened, type HistoryEvent } from "../history-event.ts";

/** What is started. */
export interface NewExecution {
  id: string;
  /** The app's id. */
  app: string;
  /** The name by which the function is called. */
  function: string;
  version: string;
  name: string;
  isDurable: boolean;
  input: string | undefined;
  /** SHA-256 of the input. */
  digest: string;
  /** Of what has taken longer, it is ended; milliseconds. */
  timeoutMs: number;
  /** How long it is kept after its end, milliseconds. */
  keepMs: number;
  about: ExecutionAbout;
}

/** What whoever calls the function needs to know. It is stored as JSON. */
interface ExecutionAbout {
  /** The function's ARN without a version. */
  functionArn: string;
  /** For whoever calls functions. */
  call: unknown;
  executionTimeoutS: number;
  retentionDays: number;
  /** A trace's header, if the caller gave one. */
  traceId?: string | undefined;
  /** Its own span, if that is recorded: the trace with the span's id, and the id of the span that caused it, empty if there is none. */
  span?: { traceparent: string; parentSpan: string } | undefined;
}

export interface ExecutionRow {
  seq: number;
  id: string;
  app: string;
  function: string;
  version: string;
  name: string;
  isDurable: boolean;
  status: ExecutionStatus;
  digest: string;
  startedAt: number;
  endedAt: number | null;
  timesOutAt: number | null;
  keepMs: number;
  about: ExecutionAbout;
  parent: number | null;
  parentOperation: string | null;
  wantedAt: number | null;
  isRunning: boolean;
  invocation: number;
  invokedAt: number | null;
  failures: number;
  token: string;
  last: LastCheckpoint | null;
  changes: number;
  seen: number;
  wasTold: boolean;
  operations: number;
  events: number;
  bytes: number;
}

interface LastCheckpoint {
  token: string;
  clientToken: string | null;
  /** The last change that the function knew of before. */
  seen: number;
}

/** Of those that change. */
type Changed = Pick<
  ExecutionRow,
  | "seq"
  | "status"
  | "endedAt"
  | "timesOutAt"
  | "wantedAt"
  | "isRunning"
  | "invocation"
  | "invokedAt"
  | "failures"
  | "token"
  | "last"
  | "changes"
  | "seen"
  | "wasTold"
> &
  Pick<ExecutionRow, "operations" | "events" | "bytes">;

interface Contents {
  input: string | undefined;
  result: string | undefined;
  error: ErrorObject | undefined;
}

export interface ExecutionTable {
  /** How many of an app have not ended, whether they are durable or not. */
  open(app: string): number;
  /** Forgets that number, because the app is gone. */
  closeAll(app: string): void;
  insert(execution: NewExecution, now: number, parent?: { seq: number; operation: string }): ExecutionRow;
  find(id: string): ExecutionRow | undefined;
  at(seq: number): ExecutionRow;
  /** As at(), for one that may be gone. */
  bySeq(seq: number): ExecutionRow | undefined;
  named(app: string, name: string, execution: string): ExecutionRow | undefined;
  /** Those that an operation has called. */
  callees(seq: number, operation: string): ExecutionRow[];
  /** Notes that the caller is to be told of its end later. */
  keepUntold(seq: number): void;
  /** Those that have ended while their caller was being called; from now on they count as told. */
  takeUntold(caller: number): ExecutionRow[];
  /** Stores what has changed of it. */
  save(row: Changed): void;
  contents(seq: number): Contents;
  end(row: Pick<ExecutionRow, "seq" | "app">, forgetAt: number, result: string | undefined, error: ErrorObject | undefined): void;
  /** Writes an event; its number and its bytes are counted in `row`, which is not stored by this. */
  tell(row: ExecutionRow, event: HistoryEvent, now: number): void;
}

export function createExecutionTable(db: DatabaseSync): ExecutionTable {
  const insert = db.prepare(
    `INSERT INTO executions (id, app, function, version, name, durable, digest, started_at, times_out_at, keep_ms, about, parent, parent_operation, wanted_at, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertContents = db.prepare("INSERT INTO contents (seq, input) VALUES (?, ?)");
  const find = db.prepare("SELECT * FROM executions WHERE id = ?");
  const at = db.prepare("SELECT * FROM executions WHERE seq = ?");
  const named = db.prepare("SELECT * FROM executions WHERE app = ? AND function = ? AND name = ? AND durable = 1");
  const callees = db.prepare("SELECT * FROM executions WHERE parent = ? AND parent_operation = ?");
  const save = db.prepare(
    `UPDATE executions SET status = ?, ended_at = ?, times_out_at = ?, wanted_at = ?, running = ?, invocation = ?, invoked_at = ?, failures = ?, token = ?, last = ?, changes = ?,
     seen = ?, told = ?, operations = ?, events = ?, bytes = ? WHERE seq = ?`,
  );
  const keepUntold = db.prepare("UPDATE executions SET untold = 1 WHERE seq = ?");
  const untold = db.prepare("SELECT * FROM executions WHERE parent = ? AND untold = 1 ORDER BY ended_at, seq");
  const told = db.prepare("UPDATE executions SET untold = 0 WHERE parent = ? AND untold = 1");
  const contents = db.prepare("SELECT * FROM contents WHERE seq = ?");
  const end = db.prepare("UPDATE contents SET result = ?, error = ? WHERE seq = ?");
  const forgetAt = db.prepare("UPDATE executions SET forget_at = ? WHERE seq = ?");
  const tell = db.prepare("INSERT INTO history VALUES (?, ?, ?, ?, ?)");
  const open = db.prepare("SELECT count FROM open WHERE app = ?");
  const opened = db.prepare("INSERT INTO open VALUES (?, 1) ON CONFLICT (app) DO UPDATE SET count = count + 1");
  const closed = db.prepare("UPDATE open SET count = count - 1 WHERE app = ?");
  const closeAll = db.prepare("DELETE FROM open WHERE app = ?");
  const table: ExecutionTable = {
    open: (app) => Number(open.get(app)?.["count"] ?? 0),
    closeAll: (app) => void closeAll.run(app),
    insert(execution, now, parent) {
      const { id, app, function: name, version, name: own, isDurable, input, digest, timeoutMs, keepMs, about } = execution;
      const { lastInsertRowid } = insert.run(
        id,
        app,
        name,
        version,
        own,
        Number(isDurable),
        digest,
        now,
        now + timeoutMs,
        keepMs,
        JSON.stringify(about),
        parent?.seq ?? null,
        parent?.operation ?? null,
        now,
        Buffer.byteLength(input ?? ""),
      );
      const seq = Number(lastInsertRowid);
      insertContents.run(seq, input ?? null);
      opened.run(app);
      return table.at(seq);
    },
    find: (id) => optional(find.get(id)),
    at: (seq) => read(at.get(seq)!),
    bySeq: (seq) => optional(at.get(seq)),
    named: (app, name, execution) => optional(named.get(app, name, execution)),
    callees: (seq, operation) => callees.all(seq, operation).map(read),
    keepUntold: (seq) => void keepUntold.run(seq),
    takeUntold(caller) {
      const rows = untold.all(caller).map(read);
      if (rows.length > 0) told.run(caller);
      return rows;
    },
    save(row) {
      const { seq, status, endedAt, timesOutAt, wantedAt, isRunning, invocation, invokedAt, failures, token, last } = row;
      const ended = [status, endedAt, timesOutAt, wantedAt, Number(isRunning), invocation, invokedAt, failures, token];
      const counts = [row.changes, row.seen, Number(row.wasTold), row.operations, row.events, row.bytes];
      save.run(...ended, last === null ? null : JSON.stringify(last), ...counts, seq);
    },
    contents(seq) {
      const { input, result, error } = contents.get(seq) ?? {};
      return {
        input: (input as string | null) ?? undefined,
        result: (result as string | null) ?? undefined,
        error: error == null ? undefined : (JSON.parse(error as string) as ErrorObject),
      };
    },
    end({ seq, app }, at_, result, error) {
      closed.run(app);
      end.run(result ?? null, error === undefined ? null : JSON.stringify(error), seq);
      forgetAt.run(at_, seq);
    },
    tell(row, { type, of, details }, now) {
      if (!row.isDurable) return;
      row.events += 1;
      const event = JSON.stringify({ ...(of && { of: { id: of.id, parent: of.parent, name: of.name, subType: of.subType } }), details });
      row.bytes += Buffer.byteLength(event);
      tell.run(row.seq, row.events, now, type, event);
    },
  };
  return table;
}

/** The first event of an execution. */
export function startedEvent(row: ExecutionRow, input: string | undefined): HistoryEvent {
  const { id, name, about } = row;
  const Input = { ...(input !== undefined && { Payload: input }), Truncated: false };
  return happened("ExecutionStarted", { id, parent: null, name, subType: undefined }, { Input, ExecutionTimeout: about.executionTimeoutS });
}

function optional(row: Record<string, SQLOutputValue> | undefined): ExecutionRow | undefined {
  return row === undefined ? undefined : read(row);
}

function read(row: Record<string, SQLOutputValue>): ExecutionRow {
  return {
    seq: Number(row["seq"]),
    id: String(row["id"]),
    app: String(row["app"]),
    function: String(row["function"]),
    version: String(row["version"]),
    name: String(row["name"]),
    isDurable: row["durable"] === 1,
    status: String(row["status"]) as ExecutionStatus,
    digest: String(row["digest"]),
    startedAt: Number(row["started_at"]),
    endedAt: row["ended_at"] as number | null,
    timesOutAt: row["times_out_at"] as number | null,
    keepMs: Number(row["keep_ms"]),
    about: JSON.parse(String(row["about"])) as ExecutionAbout,
    parent: row["parent"] as number | null,
    parentOperation: row["parent_operation"] as string | null,
    wantedAt: row["wanted_at"] as number | null,
    isRunning: row["running"] === 1,
    invocation: Number(row["invocation"]),
    invokedAt: row["invoked_at"] as number | null,
    failures: Number(row["failures"]),
    token: String(row["token"]),
    last: row["last"] === null ? null : (JSON.parse(String(row["last"])) as LastCheckpoint),
    changes: Number(row["changes"]),
    seen: Number(row["seen"]),
    wasTold: row["told"] === 1,
    operations: Number(row["operations"]),
    events: Number(row["events"]),
    bytes: Number(row["bytes"]),
  };
}
