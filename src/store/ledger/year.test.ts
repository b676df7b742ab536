/** A ledger after a year. The test prints how long things take, for docs/billing.md, and asserts only how rows are looked up. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createLedger } from "./create-ledger.ts";
import { openDatabase } from "../sqlite/open.ts";
import { ledgerMigrations } from "./schema.ts";

/** The number of apps, each with its own functions in `calls`. */
const APPS = 1_000;
const FUNCTIONS = 4;
const MINUTES = 525_600;

test("a bill reads its month's sums and nothing else, after a year of a thousand apps", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-year-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "ledger.db");
  const db = openDatabase(file, { durability: "normal", migrations: ledgerMigrations(String) });
  fill(db);
  db.close();
  t.diagnostic(`${(statSync(file).size / 1e6).toFixed(0)} MB for ${2 * MINUTES} entries and a year of ${APPS} apps' months`);
  const ledger = createLedger(file, { idOf: String, onFailure: (error) => assert.fail(String(error)) });
  const timed = <T>(what: string, work: () => T): T => {
    const since = performance.now();
    const result = work();
    t.diagnostic(`${what}: ${(performance.now() - since).toFixed(2)} ms`);
    return result;
  };
  assert.equal(timed("all apps of a month", () => ledger.rows({ month: "2026-06" })).length, APPS * (3 + FUNCTIONS));
  assert.equal(timed("one app of a month", () => ledger.rows({ month: "2026-06", app: "app-500" })).length, 3 + FUNCTIONS);
  ledger.record({ at: Date.now(), app: "app-500", kind: "run", cpuUs: 1 });
  timed("a write", () => ledger.flush());
  ledger.close();
  const plans = new DatabaseSync(file);
  for (const where of ["month = '2026-06'", "month = '2026-06' AND app = 'app-500'"]) {
    const plan = plans.prepare(`EXPLAIN QUERY PLAN SELECT * FROM months WHERE ${where}`).all();
    assert.match(String(plan[0]?.["detail"]), /^SEARCH months USING PRIMARY KEY/);
  }
  plans.close();
});

/** Writes the entries of one app that is called in every minute of the year, and the months of all apps. */
function fill(db: DatabaseSync): void {
  const amounts = "1000000, 1e9, 50, 2500, 1e9";
  const start = Date.UTC(2026, 0) / 60_000;
  db.exec(`
    WITH RECURSIVE minutes (at) AS (SELECT ${start} UNION ALL SELECT at + 1 FROM minutes LIMIT ${MINUTES})
    INSERT INTO entries SELECT at, 'app-500', kind, iif(kind = 'calls', 'main', ''), ${amounts}
    FROM minutes, (SELECT 'run' AS kind UNION SELECT 'calls');
    WITH RECURSIVE apps (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM apps LIMIT ${APPS}),
      months_of_year (m) AS (SELECT 1 UNION ALL SELECT m + 1 FROM months_of_year LIMIT 12),
      kinds (kind, function) AS (VALUES ('start', ''), ('bind', ''), ('run', ''), ('calls', 'a'), ('calls', 'b'), ('calls', 'c'), ('calls', 'd'))
    INSERT INTO months SELECT printf('2026-%02d', m), 'app-' || n, kind, function, ${amounts} FROM apps, months_of_year, kinds;
  `);
}
