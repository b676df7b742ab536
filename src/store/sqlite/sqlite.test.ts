import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { failureOf } from "./failure.ts";
import { openDatabase } from "./open.ts";
import { createReclaimer } from "./reclaim.ts";
import { transaction } from "./transaction.ts";

const first = "CREATE TABLE things (bytes BLOB NOT NULL) STRICT";
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-sqlite-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

test("a full disk is reported as disk-full, and nothing of the transaction stays", () => {
  const db = open([first]);
  db.exec("PRAGMA max_page_count = 20");
  const fill = () => {
    for (let i = 0; i < 100; i++) db.exec("INSERT INTO things VALUES (zeroblob(4096))");
  };
  assert.throws(() => told(() => transaction(db, fill)), { code: "disk-full", details: { file: "a.db" } });
  assert.equal(db.prepare("SELECT count(*) AS n FROM things").get()?.["n"], 0);
  transaction(db, () => db.exec("INSERT INTO things VALUES (zeroblob(10))"));
  db.close();
});

test("migrations run once each, in order", () => {
  open([first]).close();
  const db = open([first, "ALTER TABLE things ADD COLUMN name TEXT"]);
  db.exec("INSERT INTO things VALUES (x'00', 'a')");
  db.close();
});

test("only the owner can read a database's files, in whatever folder", () => {
  const db = open([first]);
  db.exec("INSERT INTO things VALUES (x'00')");
  for (const name of readdirSync(dir)) assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name);
  assert.equal(readdirSync(dir).length, 3);
  db.close();
});

test("a migration that fails leaves the schema as it was", () => {
  assert.throws(() => open([first, "CREATE TABLE more (a TEXT); CREATE TABLE things (b TEXT)"]));
  const db = open([first]);
  assert.deepEqual(
    db
      .prepare("SELECT name FROM sqlite_schema")
      .all()
      .map((row) => row["name"]),
    ["things"],
  );
  db.close();
});

test("a file that cannot be opened is reported by name", () => {
  assert.throws(() => openDatabase(join(dir, "no", "such", "folder.db"), { durability: "full", migrations: [] }), {
    code: "state-unusable",
  });
});

test("a file that was made without it learns to shrink when it is opened, and gives the space of its deleted rows back", async () => {
  const old = open([first]);
  for (let row = 0; row < 100; row++) old.exec("INSERT INTO things VALUES (zeroblob(40960))");
  old.close();
  const size = () => statSync(join(dir, "a.db")).size;
  assert.ok(size() > 4_000_000);

  const db = openDatabase(join(dir, "a.db"), { durability: "full", migrations: [first], shrinks: true });
  assert.equal(db.prepare("PRAGMA auto_vacuum").get()?.["auto_vacuum"], 2, "incremental: without it nothing below would end");
  assert.equal(db.prepare("SELECT count(*) AS n FROM things").get()?.["n"], 100);
  db.exec("DELETE FROM things");
  const reclaimer = createReclaimer(db, () => false, assert.ifError);
  reclaimer.start();
  await reclaimer.settled();
  assert.ok(size() < 100_000, `${size()} bytes`);
  db.close();
});

function told(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw failureOf(error, "a.db");
  }
}

function open(migrations: string[]) {
  return openDatabase(join(dir, "a.db"), { durability: "full", migrations });
}
