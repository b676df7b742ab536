import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { newId } from "../../base/ids/new-id.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { createLedger } from "./create-ledger.ts";
import type { Ledger, UsageRow } from "./ledger.ts";
import { createPending, minuteOf } from "./pending.ts";
import { ledgerMigrations } from "./schema.ts";

const NOVEMBER = Date.UTC(2026, 10, 1);
let dir: string;
let file: string;
let ledger: Ledger;
let now: number;
/** A clock that stands still; tests set `now`. */
const clock = Object.assign(new FakeClock(), { wall: () => now });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-ledger-"));
  file = join(dir, "ledger.db");
  now = NOVEMBER + 5_000;
  ledger = open();
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true });
});

test("a ledger whose user_version is lower than its tables is damaged, and its ids are not taken for names", () => {
  const app = newId("app");
  ledger.record({ at: now, app, kind: "run", cpuUs: 5, byteSeconds: 3 });
  ledger.close();
  using db = new DatabaseSync(file);
  const known = Number(db.prepare("PRAGMA user_version").get()!["user_version"]);
  for (let version = 0; version < known; version++) {
    db.exec(`PRAGMA user_version = ${version}`);
    assert.throws(() => open(), { code: "state-damaged" });
  }
  db.exec(`PRAGMA user_version = ${known}`);
  ledger = open();
  assert.deepEqual(ledger.rows({ month: "2026-11" }), [row({ app, kind: "run", cpuUs: 5, byteSeconds: 3 })]);
});

test("a month has one row for each app, kind and function, with the sums of all deltas, before and after a restart", () => {
  ledger.record({ at: now, app: "shop", kind: "run", cpuUs: 500_000, byteSeconds: 3 });
  ledger.flush();
  ledger.record({ at: now, app: "shop", kind: "run", cpuUs: 500_000, byteSeconds: 4 });
  ledger.record({ at: now, app: "shop", kind: "calls", function: "pay", requests: 2, wallMs: 70, wallByteSeconds: 9 });
  ledger.record({ at: now, app: null, kind: "start", cpuUs: 7 });
  const expected = [
    row({ app: null, kind: "start", cpuUs: 7 }),
    row({ app: "shop", kind: "calls", function: "pay", requests: 2, wallMs: 70, wallByteSeconds: 9 }),
    row({ app: "shop", kind: "run", cpuUs: 1_000_000, byteSeconds: 7 }),
  ];
  assert.deepEqual(ledger.rows({ month: "2026-11" }), expected);
  ledger.close();
  ledger = open();
  assert.deepEqual(ledger.rows({ month: "2026-11" }), expected);
  assert.deepEqual(ledger.rows({ month: "2026-11", app: "shop" }), expected.slice(1));
  assert.deepEqual(ledger.rows({ month: "2026-12" }), []);
});

test("what was used just before a month's end is that month's, although it is stored in the next", () => {
  ledger.record({ at: NOVEMBER - 1, app: "shop", kind: "run", cpuUs: 1 });
  ledger.record({ at: NOVEMBER, app: "shop", kind: "run", cpuUs: 10 });
  assert.deepEqual([cpuOf("2026-10"), cpuOf("2026-11")], [1, 10]);
});

test("a minute that is over is an entry that no program can change or delete", () => {
  ledger.record({ at: now, app: "shop", kind: "run", cpuUs: 5 });
  ledger.flush();
  now += 60_000;
  ledger.flush();
  const other = new DatabaseSync(file);
  assert.equal(count(other, "entries"), 1);
  assert.throws(() => other.exec("DELETE FROM entries"), /append-only/);
  assert.throws(() => other.exec("UPDATE entries SET cpu_us = 0"), /append-only/);
  other.close();
});

test("an app that is called without pause has one entry a minute for each kind, however often deltas are stored", () => {
  for (let second = 0; second < 600; second++) {
    now = NOVEMBER + 1_000 * second;
    ledger.record({ at: now, app: "shop", kind: "run", cpuUs: 5 });
    if (second % 5 === 0) ledger.flush();
  }
  now += 60_000;
  ledger.flush();
  const other = new DatabaseSync(file);
  assert.deepEqual([count(other, "entries"), count(other, "open_minutes"), count(other, "months")], [10, 0, 1]);
  other.close();
  assert.equal(cpuOf("2026-11"), 3_000);
});

test("while nothing can be stored, memory is bounded, and the sums and months are still right", () => {
  const pending = createPending();
  for (let minute = 0; minute < 50_000; minute++) pending.add({ at: NOVEMBER + minute * 60_000, app: "shop", kind: "run", cpuUs: 1 });
  assert.ok(pending.size() <= 10_003, String(pending.size()));
  const entries = pending.entries();
  const sum = (from: number) => entries.filter(({ minute }) => minute >= minuteOf(from)).reduce((all, { cpuUs }) => all + cpuUs, 0);
  assert.equal(sum(NOVEMBER), 50_000);
  assert.equal(sum(Date.UTC(2026, 11)), 50_000 - 30 * 1_440);
});

test("limits are kept by app, and gone when none is left", () => {
  ledger.setLimits("shop", { spend: 0.5, requests: null, cpuSeconds: 3 });
  ledger.setLimits("other", { spend: null, requests: 7, cpuSeconds: null });
  ledger.close();
  ledger = open();
  ledger.setLimits("other", { spend: null, requests: null, cpuSeconds: null });
  assert.deepEqual([...ledger.limits()], [["shop", { spend: 0.5, requests: null, cpuSeconds: 3 }]]);
});

test("the entries of the first ledger are taken over, and get ids instead of names", () => {
  ledger.close();
  rmSync(file);
  const old = new DatabaseSync(file);
  old.exec(`${String(ledgerMigrations(String)[0])}; PRAGMA user_version = 1`);
  const add = old.prepare("INSERT INTO usage VALUES (?, ?, 'm1', ?, ?, ?, ?)");
  add.run(NOVEMBER - 1, "shop", "run", 3.4, 10, 2);
  add.run(NOVEMBER, "shop", "run", 5, 20, 1);
  add.run(NOVEMBER, null, "bring-up", 7, 30, 0);
  old.close();
  ledger = open((name) => `id of ${name}`);
  assert.deepEqual(ledger.rows({ month: "2026-10" }), [
    row({ app: "id of shop", kind: "calls", requests: 2 }),
    row({ app: "id of shop", kind: "run", cpuUs: 3, byteSeconds: 10 }),
  ]);
  assert.deepEqual(ledger.rows({ month: "2026-11" }), [
    row({ app: null, kind: "start", cpuUs: 7, byteSeconds: 30 }),
    row({ app: "id of shop", kind: "calls", requests: 1 }),
    row({ app: "id of shop", kind: "run", cpuUs: 5, byteSeconds: 20 }),
  ]);
  ledger.close();
  const db = new DatabaseSync(file);
  assert.throws(() => db.exec("UPDATE entries SET cpu_us = 0"), /append-only/);
  db.close();
  ledger = open(() => assert.fail("ids are not taken for names"));
});

function open(idOf: (name: string) => string = String): Ledger {
  return createLedger(file, { idOf, clock, onFailure: (error) => assert.fail(String(error)) });
}

function row(given: Partial<UsageRow>): UsageRow {
  return { app: null, kind: "run", function: "", cpuUs: 0, byteSeconds: 0, requests: 0, wallMs: 0, wallByteSeconds: 0, ...given };
}

function cpuOf(month: string): number {
  return ledger.rows({ month }).reduce((sum, { cpuUs }) => sum + cpuUs, 0);
}

function count(db: DatabaseSync, table: string): number {
  return Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
}
