/** The rows of the file of invocations. */
import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../sqlite/transaction.ts";
import { KEPT_AS, type KeptAs, type KeptInvocation } from "./kept-invocation.ts";

export interface InvocationTable {
  add(rows: readonly { app: string; kept: KeptInvocation }[]): void;
  /** Those that were added last come first. */
  of(app: string): KeptInvocation[];
  /** In the same order. */
  attempts(app: string, invocation: string): KeptInvocation[];
  /** How many rows there are of each app and each reason. */
  counts(): { app: string; keptAs: KeptAs; rows: number }[];
  /** Removes the rows that were added first. Their times would say something else after the host's clock was put back: then what is new would go. */
  drop(app: string, keptAs: KeptAs, rows: number): void;
  removeApp(app: string): void;
}

const ATTEMPTS = 100;
const COLUMNS = 24;

export function invocationTable(db: DatabaseSync): InvocationTable {
  const put = db.prepare(`INSERT INTO invocations VALUES (${Array(COLUMNS).fill("?").join(", ")})`);
  const all = db.prepare("SELECT * FROM invocations WHERE app = ? ORDER BY rowid DESC");
  const one = db.prepare(`SELECT * FROM invocations WHERE app = ? AND invocation = ? ORDER BY rowid DESC LIMIT ${ATTEMPTS}`);
  const count = db.prepare("SELECT app, kept_as, COUNT(*) AS rows FROM invocations GROUP BY app, kept_as");
  const drop = db.prepare(
    "DELETE FROM invocations WHERE rowid IN (SELECT rowid FROM invocations WHERE app = ? AND kept_as = ? ORDER BY rowid LIMIT ?)",
  );
  const remove = db.prepare("DELETE FROM invocations WHERE app = ?");
  return {
    add: (rows) =>
      transaction(db, () => {
        for (const { app, kept } of rows) put.run(app, ...valuesOf(kept));
      }),
    of: (app) => all.all(app).map(keptIn),
    attempts: (app, invocation) => one.all(app, invocation).map(keptIn),
    counts: () =>
      count.all().map((row) => ({ app: String(row["app"]), keptAs: KEPT_AS[Number(row["kept_as"])]!, rows: Number(row["rows"]) })),
    drop: (app, keptAs, rows) => void drop.run(app, KEPT_AS.indexOf(keptAs), rows),
    removeApp: (app) => void remove.run(app),
  };
}

function valuesOf(kept: KeptInvocation): (string | number | null)[] {
  const { spans, source } = kept;
  return [
    KEPT_AS.indexOf(kept.keptAs),
    kept.at,
    kept.invocation,
    kept.function,
    kept.kind,
    source?.kind ?? "",
    source?.name ?? null,
    kept.attempt,
    kept.outcome,
    kept.error,
    kept.status,
    spans.queue,
    spans.start,
    spans.bind,
    spans.run,
    kept.slotMs,
    kept.machine,
    kept.memoryMb,
    kept.revision,
    kept.branch,
    kept.requestBytes,
    kept.replyBytes,
    kept.traceparent,
  ];
}

function keptIn(row: Record<string, unknown>): KeptInvocation {
  const text = (column: string) => row[column] as string | null;
  const source = String(row["source"]);
  return {
    invocation: String(row["invocation"]),
    function: String(row["function"]),
    at: Number(row["at"]),
    keptAs: KEPT_AS[Number(row["kept_as"])]!,
    kind: row["kind"] as KeptInvocation["kind"],
    source: source === "" ? null : { kind: source, name: text("source_name") },
    attempt: Number(row["attempt"]),
    outcome: String(row["outcome"]),
    error: text("error"),
    status: Number(row["status"]),
    spans: { queue: Number(row["queue_ms"]), start: Number(row["start_ms"]), bind: Number(row["bind_ms"]), run: Number(row["run_ms"]) },
    slotMs: row["slot_ms"] === null ? null : Number(row["slot_ms"]),
    machine: text("machine"),
    memoryMb: Number(row["memory_mb"]),
    revision: String(row["revision"]),
    branch: text("branch"),
    requestBytes: Number(row["request_bytes"]),
    replyBytes: Number(row["reply_bytes"]),
    traceparent: String(row["traceparent"]),
  };
}
