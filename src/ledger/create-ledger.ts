/**
 * The ledger in one SQLite file.
 *
 * Owns: the deltas not stored yet, and the append-only table of those that are.
 * Invariants:
 * 1. What was stored is never changed: triggers in the file itself refuse it.
 * 2. Deltas leave memory only once they are on disk. While it is full they are kept, summed per app, machine and kind, and
 *    beyond 10,000 such sums the machines are summed together: memory is bounded and nothing is lost but the detail.
 */
import type { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "../clock/clock.ts";
import { failureOf } from "../sqlite/failure.ts";
import { openDatabase } from "../sqlite/open.ts";
import { transaction } from "../sqlite/transaction.ts";
import type { Ledger, UsageSummary } from "./ledger.ts";
import { type Entry, type Pending, createPending } from "./pending.ts";
import { defaultPrices, type Prices } from "./prices.ts";
import { ledgerMigrations } from "./schema.ts";

export interface LedgerOptions {
  prices?: Prices;
  clock?: Clock;
  /** Milliseconds between two writes; default 5,000. */
  flushMs?: number;
  /** A write failed; it is tried again at the next turn. Told once until one works. */
  onFailure: (error: unknown) => void;
}

export function createLedger(file: string, options: LedgerOptions): Ledger {
  const { prices = defaultPrices, clock = systemClock, flushMs = 5_000 } = options;
  const db = openDatabase(file, { durability: "normal", migrations: ledgerMigrations });
  const pending = createPending();
  const store = storer(db, pending);
  const sums = summer(db, prices);
  const storeWhatCanBe = tellingOnce(store, file, options.onFailure);
  const stop = clock.every(flushMs, storeWhatCanBe);
  return {
    prices,
    record: (delta) => pending.add(delta),
    flush: () => telling(store, file),
    summary(app) {
      storeWhatCanBe();
      return sums.of(app);
    },
    byApp() {
      storeWhatCanBe();
      return sums.byApp();
    },
    close() {
      stop();
      storeWhatCanBe();
      db.close();
    },
  };
}

function storer(db: DatabaseSync, pending: Pending): () => void {
  const insert = db.prepare("INSERT INTO usage (at, app, machine, kind, cpu_us, byte_seconds, requests) VALUES (?, ?, ?, ?, ?, ?, ?)");
  const add = ({ at, app, machine, kind, cpuUs, byteSeconds, requests }: Entry) =>
    insert.run(Math.trunc(at), app, machine, kind, cpuUs, byteSeconds, requests);
  return () => {
    if (pending.size() === 0) return;
    transaction(db, () => pending.entries().forEach(add));
    pending.clear();
  };
}

function summer(db: DatabaseSync, prices: Prices) {
  const columns = "total(cpu_us) / 1e6 AS cpuSeconds, total(byte_seconds) / 1073741824 AS gbSeconds, sum(requests) AS requests";
  const all = db.prepare(`SELECT ${columns} FROM usage`);
  const one = db.prepare(`SELECT ${columns} FROM usage WHERE app IS ?`);
  const each = db.prepare(`SELECT app, ${columns} FROM usage WHERE app IS NOT NULL GROUP BY app ORDER BY app`);
  return {
    of: (app: string | null | undefined) => summaryOf(app === undefined ? all.get() : one.get(app), prices),
    byApp: () => each.all().map((row) => Object.assign({ app: String(row["app"]) }, summaryOf(row, prices))),
  };
}

function summaryOf(row: Record<string, unknown> | undefined, prices: Prices): UsageSummary {
  const [cpuSeconds, gbSeconds, requests] = [Number(row?.["cpuSeconds"]), Number(row?.["gbSeconds"]), Number(row?.["requests"] ?? 0)];
  return { cpuSeconds, gbSeconds, requests, cost: cpuSeconds * prices.vcpuSecond + gbSeconds * prices.gbSecond };
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
