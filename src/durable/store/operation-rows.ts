/** Operations as rows. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { hasEnded, type Operation, type OperationStatus, type OperationType } from "../operation.ts";
import type { ExecutionRow } from "./execution-rows.ts";

export interface OperationTable {
  find(seq: number, id: string): Operation | undefined;
  /** @param id of the callback */
  byCallback(id: string): { seq: number; operation: Operation } | undefined;
  /** Stores it as the next change of its execution, which is counted in `row` and not stored by this. */
  put(row: ExecutionRow, operation: Operation, isByItself: boolean): void;
  /** Those that changed after the change `seen`, in the order of their changes, and whether one of them did so by itself. */
  changedSince(seq: number, seen: number): { operations: Operation[]; isByItself: boolean };
  /** The ids of those that changed by themselves after the change `seen`. */
  idsSince(seq: number, seen: number): string[];
  /** Those that the function needs to run again, in the order in which they began, from a number on. */
  page(seq: number, after: number, most: number, bytes: number): OperationPage;
  /** The function needs what is inside of the context no more. */
  hideInside(seq: number, context: string): void;
  /** Of one execution, or of all whose functions are not being called: those learn of it when they have ended, or at a checkpoint. */
  due(now: number, most: number, seq?: number): { seq: number; operation: Operation }[];
  nextDue(seq?: number): number | null;
  /** Nothing of an execution that has ended happens by itself. */
  silence(seq: number): void;
  /** Whether something of it will end by itself, or by somebody else's doing. */
  isWaiting(seq: number): boolean;
  /** Whether it is inside of a context that has ended. */
  isOrphan(seq: number, operation: Operation): boolean;
}

export interface OperationPage {
  operations: Operation[];
  /** Where the next page begins; null: there is none. */
  next: number | null;
}

/** Contexts inside of contexts. */
const MOST_DEPTH = 1_000;

export function createOperationTable(db: DatabaseSync): OperationTable {
  const find = db.prepare("SELECT * FROM operations WHERE seq = ? AND id = ?");
  const byCallback = db.prepare("SELECT * FROM operations WHERE callback = ?");
  const put = db.prepare(
    `INSERT INTO operations (seq, id, parent, type, status, due_at, changed, by_itself, callback, facts, result, hidden) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (seq, id) DO UPDATE SET status = excluded.status, due_at = excluded.due_at, changed = excluded.changed, by_itself = excluded.by_itself, facts = excluded.facts,
     result = excluded.result`,
  );
  const since = db.prepare("SELECT * FROM operations WHERE seq = ? AND changed > ? ORDER BY changed");
  const idsSince = db.prepare("SELECT id FROM operations WHERE seq = ? AND changed > ? AND by_itself = 1 ORDER BY changed");
  const page = db.prepare("SELECT * FROM operations WHERE seq = ? AND number > ? AND hidden = 0 ORDER BY number LIMIT ?");
  const hide = db.prepare(
    `WITH RECURSIVE within (number, id) AS (
       SELECT number, id FROM operations WHERE seq = :seq AND parent = :id AND hidden = 0
       UNION SELECT operations.number, operations.id FROM within JOIN operations ON operations.seq = :seq AND operations.parent = within.id AND operations.hidden = 0
     ) UPDATE operations SET hidden = 1 WHERE number IN (SELECT number FROM within)`,
  );
  const due = db.prepare(
    "SELECT operations.* FROM operations JOIN executions USING (seq) WHERE due_at <= ? AND running = 0 ORDER BY due_at LIMIT ?",
  );
  const dueOf = db.prepare("SELECT * FROM operations WHERE seq = ? AND due_at <= ? ORDER BY due_at LIMIT ?");
  const nextDue = db.prepare(
    "SELECT due_at AS at FROM operations JOIN executions USING (seq) WHERE due_at IS NOT NULL AND running = 0 ORDER BY due_at LIMIT 1",
  );
  const nextDueOf = db.prepare("SELECT min(due_at) AS at FROM operations WHERE seq = ? AND due_at IS NOT NULL");
  const silence = db.prepare("UPDATE operations SET due_at = NULL WHERE seq = ? AND due_at IS NOT NULL");
  const isWaiting = db.prepare(
    "SELECT 1 FROM operations WHERE seq = ? AND status IN ('PENDING', 'READY', 'STARTED') AND type <> 'CONTEXT' AND NOT (type IN ('STEP', 'EXECUTION') AND status = 'STARTED') LIMIT 1",
  );
  const table: OperationTable = {
    find: (seq, id) => optional(find.get(seq, id)),
    byCallback(id) {
      const row = byCallback.get(id);
      return row && { seq: Number(row["seq"]), operation: read(row) };
    },
    put(row, operation, isByItself) {
      row.changes += 1;
      const { id, parent, type, status, dueAt, callback, result, ...rest } = operation;
      const facts = JSON.stringify({ ...rest, callback });
      const isHidden = Number(parent !== null && table.isOrphan(row.seq, operation));
      put.run(
        row.seq,
        id,
        parent,
        type,
        status,
        dueAt,
        row.changes,
        Number(isByItself),
        callback?.id ?? null,
        facts,
        result ?? null,
        isHidden,
      );
      row.bytes += Buffer.byteLength(result ?? "");
    },
    changedSince(seq, seen) {
      const rows = since.all(seq, seen);
      return { operations: rows.map(read), isByItself: rows.some((row) => row["by_itself"] === 1) };
    },
    idsSince: (seq, seen) => idsSince.all(seq, seen).map(({ id }) => String(id)),
    page(seq, after, most, bytes) {
      const operations: Operation[] = [];
      let [sum, last] = [0, after];
      for (const row of page.iterate(seq, after, most + 1)) {
        sum += String(row["result"] ?? "").length + String(row["facts"]).length;
        if (operations.length === most || (operations.length > 0 && sum > bytes)) return { operations, next: last };
        operations.push(read(row));
        last = Number(row["number"]);
      }
      return { operations, next: null };
    },
    hideInside: (seq, id) => void hide.run({ seq, id }),
    due(now, most, seq) {
      const rows = seq === undefined ? due.all(now, most) : dueOf.all(seq, now, most);
      return rows.map((row) => ({ seq: Number(row["seq"]), operation: read(row) }));
    },
    nextDue: (seq) => ((seq === undefined ? nextDue.get() : nextDueOf.get(seq))?.["at"] as number | null) ?? null,
    silence: (seq) => void silence.run(seq),
    isWaiting: (seq) => isWaiting.get(seq) !== undefined,
    isOrphan(seq, { parent }) {
      let above = parent;
      for (let depth = 0; above !== null && depth < MOST_DEPTH; depth++) {
        const context = table.find(seq, above);
        if (context === undefined) return false;
        if (hasEnded(context)) return true;
        above = context.parent;
      }
      return false;
    },
  };
  return table;
}

function optional(row: Record<string, SQLOutputValue> | undefined): Operation | undefined {
  return row === undefined ? undefined : read(row);
}

function read(row: Record<string, SQLOutputValue>): Operation {
  return {
    ...(JSON.parse(String(row["facts"])) as Omit<Operation, "id" | "parent" | "type" | "status" | "dueAt">),
    id: String(row["id"]),
    parent: row["parent"] as string | null,
    type: String(row["type"]) as OperationType,
    status: String(row["status"]) as OperationStatus,
    dueAt: row["due_at"] as number | null,
    result: (row["result"] as string | null) ?? undefined,
  };
}
