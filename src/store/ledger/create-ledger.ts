/**
 * The ledger in one SQLite file.
 *
 * Owns: the deltas that are not stored yet, and the tables of those that are.
 * Invariants:
 * 1. A row of `entries` is never changed: triggers in the file itself refuse it.
 * 2. A delta leaves memory only once it is on disk, and is stored in one transaction with its month's sum. kill -9 at any moment loses what
 *    came since the last write, and counts nothing twice.
 * 3. Memory is bounded while nothing can be stored: then deltas are summed over whole months instead of minutes, and only that detail is
 *    lost.
 */
import type { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { failureOf } from "../sqlite/failure.ts";
import { openDatabase } from "../sqlite/open.ts";
import { transaction } from "../sqlite/transaction.ts";
import type { Ledger, UsageKind, UsageRow } from "./ledger.ts";
import { openLimits } from "./limit-table.ts";
import { monthOf } from "./month.ts";
import { type Entry, type Pending, createPending, minuteOf, startOfMinute } from "./pending.ts";
import { ledgerMigrations } from "./schema.ts";

export interface LedgerOptions {
  /** The id of the app or appliance that has, or had, the name; needed for rows of an older Mayfly, which kept names. */
  idOf: (name: string) => string;
  clock?: Clock;
  /** Milliseconds between two writes; default 5,000. */
  flushMs?: number;
  /** Called when a write failed; the next turn tries again. Not called again until a write has worked. */
  onFailure: (error: unknown) => void;
}

export function createLedger(file: string, { idOf, clock = systemClock, flushMs = 5_000, onFailure }: LedgerOptions): Ledger {
  const db = openDatabase(file, { durability: "normal", migrations: ledgerMigrations(idOf) });
  const pending = createPending();
  const store = storer(db, pending, clock);
  const rows = reader(db);
  const limits = openLimits(db);
  const storeWhatCanBe = tellingOnce(store, file, onFailure);
  const stop = clock.every(flushMs, storeWhatCanBe);
  return {
    record: (delta) => pending.add(delta),
    flush: () => telling(store, file),
    rows({ month, app }) {
      storeWhatCanBe();
      return rows(month, app);
    },
    limits: () => limits.all(),
    setLimits: (app, values) => telling(() => limits.set(app, values), file),
    close() {
      stop();
      storeWhatCanBe();
      db.close();
    },
  };
}

function storer(db: DatabaseSync, pending: Pending, clock: Clock): () => void {
  const toMinute = db.prepare(addingTo("open_minutes", "minute"));
  const toMonth = db.prepare(addingTo("months", "month"));
  const close = db.prepare("INSERT INTO entries SELECT * FROM open_minutes WHERE minute < ?");
  const clear = db.prepare("DELETE FROM open_minutes WHERE minute < ?");
  const oldest = db.prepare("SELECT min(minute) AS minute FROM open_minutes");
  const add = (entry: Entry) => {
    const values = [entry.app, entry.kind, entry.function, ...amountsOf(entry)];
    toMinute.run(entry.minute, ...values);
    toMonth.run(monthOf(startOfMinute(entry.minute)), ...values);
  };
  return () => {
    const now = minuteOf(clock.wall());
    const isOver = Number(oldest.get()?.["minute"] ?? now) < now;
    if (pending.size() === 0 && !isOver) return;
    transaction(db, () => {
      pending.entries().forEach(add);
      close.run(now);
      clear.run(now);
    });
    pending.clear();
  };
}

const columns = ["cpu_us", "byte_seconds", "requests", "wall_ms", "wall_byte_seconds"];

function amountsOf({ cpuUs, byteSeconds, requests, wallMs, wallByteSeconds }: Entry): number[] {
  return [Math.round(cpuUs), byteSeconds, requests, wallMs, wallByteSeconds];
}

function addingTo(table: string, period: string): string {
  const sums = columns.map((column) => `${column} = ${column} + excluded.${column}`).join(", ");
  return `INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (${period}, app, kind, function) DO UPDATE SET ${sums}`;
}

function reader(db: DatabaseSync) {
  const all = db.prepare("SELECT * FROM months WHERE month = ? ORDER BY app, kind, function");
  const one = db.prepare("SELECT * FROM months WHERE month = ? AND app = ? ORDER BY kind, function");
  return (month: string, app: string | undefined): UsageRow[] => (app === undefined ? all.all(month) : one.all(month, app)).map(rowOf);
}

function rowOf(row: Record<string, unknown>): UsageRow {
  return {
    app: row["app"] === "" ? null : String(row["app"]),
    kind: String(row["kind"]) as UsageKind,
    function: String(row["function"]),
    cpuUs: Number(row["cpu_us"]),
    byteSeconds: Number(row["byte_seconds"]),
    requests: Number(row["requests"]),
    wallMs: Number(row["wall_ms"]),
    wallByteSeconds: Number(row["wall_byte_seconds"]),
  };
}

function telling(work: () => void, file: string): void {
  try {
    work();
  } catch (error) {
    throw failureOf(error, file);
  }
}

function tellingOnce(work: () => void, file: string, onFailure: (error: unknown) => void): () => void {
  let failing = false;
  return () => {
    try {
      work();
      failing = false;
    } catch (error) {
      if (!failing) onFailure(failureOf(error, file));
      failing = true;
    }
  };
}
