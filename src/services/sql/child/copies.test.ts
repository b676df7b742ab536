import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { Copies } from "./copies.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const rules = { everyMs: HOUR, keepMs: 7 * DAY, mostBytes: 1e9 };

function open(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-copies-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  const db = new DatabaseSync(join(folder, "main.db"));
  afterwards(context, () => db.close());
  db.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  const of = join(folder, "copies/main");
  mkdirSync(of, { recursive: true });
  const times = () =>
    readdirSync(of)
      .map((file) => Number(file.replace(".db", "")))
      .toSorted((a, b) => a - b);
  return { db, copies: new Copies(folder, "main"), times, folder: () => of };
}

test("a copy is due once the database was changed, and the copy before it is old enough", (context) => {
  const { db, copies } = open(context);
  const now = Date.now();
  assert.equal(copies.isDue(rules, now), false, "it was made a moment ago");
  assert.equal(copies.isDue(rules, now + HOUR + 60_000), true);
  assert.equal(copies.isDue({ ...rules, everyMs: 0 }, now + HOUR + 60_000), false, "copies are off");
  // As if it was made at a time to come, so that the database's change is before it.
  const at = copies.make(db, rules, now + 60_000);
  assert.equal(copies.isDue(rules, at + 2 * HOUR), false, "nothing was changed since");
});

test("all copies of a day stay, one of each day before, none for longer than is wished, and no more than there is room for", (context) => {
  const { db, copies, times } = open(context);
  const from = 20_000 * DAY;
  for (let hour = 0; hour < 10 * 24; hour += 6) copies.make(db, rules, from + hour * HOUR);
  const last = from + (10 * 24 - 6) * HOUR;
  const days = Array.from({ length: 10 }, (_, day) => from + day * DAY + 18 * HOUR);
  const kept = [...new Set([...days.filter((at) => last - at <= 7 * DAY), ...[18, 12, 6, 0].map((back) => last - back * HOUR)])];
  assert.deepEqual(
    times(),
    kept.toSorted((a, b) => a - b),
  );
  copies.make(db, { ...rules, mostBytes: 3 * 8_192 }, last + HOUR);
  assert.deepEqual(times(), [last - 6 * HOUR, last, last + HOUR]);
  assert.throws(() => copies.make(db, { ...rules, mostBytes: 8_191 }, last + 2 * HOUR), /may not be as large/);
  assert.equal(times().length, 3);
});

test("two copies of one moment are two, there is no copy of a time that has none, and half a copy is removed", (context) => {
  const { db, copies, times, folder } = open(context);
  writeFileSync(join(folder(), "5.partial"), "of a process that was ended");
  const at = copies.make(db, rules, 1_000_000);
  assert.deepEqual(times(), [at]);
  assert.equal(copies.make(db, rules, 1_000_000), at + 1);
  assert.throws(() => copies.path(5));
  const copy = new DatabaseSync(copies.path(at), { readOnly: true });
  afterwards(context, () => copy.close());
  assert.deepEqual(
    copy
      .prepare("SELECT name FROM sqlite_schema")
      .all()
      .map(({ name }) => name),
    ["t"],
  );
});
