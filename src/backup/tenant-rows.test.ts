import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { migrations as kvMigrations } from "../services/kv/store/schema.ts";
import { kvPart } from "../services/kv/state-part.ts";
import { migrations as queueMigrations } from "../services/queues/store/schema.ts";
import { queuesPart } from "../services/queues/state-part.ts";
import { migrations as objectMigrations } from "../services/objects/store/schema.ts";
import { objectsPart } from "../services/objects/state-part.ts";
import { type Migration, migrate } from "../store/sqlite/migrate.ts";
import { keepOnly, putRows } from "./tenant-rows.ts";

function folderOf(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-rows-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

function filled(file: string, migrations: readonly Migration[], sql: string): void {
  using db = new DatabaseSync(file);
  migrate(db, file, migrations);
  db.exec(sql);
}

function rows(file: string, sql: string): unknown[][] {
  using db = new DatabaseSync(file);
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement.all() as unknown as unknown[][];
}

const own = new Set(["ten_a"]);
const queue = (at: number, tenant: string) =>
  `INSERT INTO queues (queue, tenant, app, name, settings, tags, created_at, changed_at) VALUES (${at}, '${tenant}', '', 'q', '{}', '{}', 1, 1);`;
const message = (at: number, of: number, text: string) =>
  `INSERT INTO bodies VALUES (${at}, '${text}', '{}'); INSERT INTO messages (seq, queue, id, visible_at, sent_at, body, bytes) VALUES (${at}, ${of}, 'm${at}', 1, 1, ${at}, 1);`;

test("a tenant's queues are taken out and put beside those of others, under other numbers", (t) => {
  const dir = folderOf(t);
  const [file, copy] = [join(dir, "queues.db"), join(dir, "copy.db")];
  filled(file, queueMigrations, `${queue(1, "ten_a")} ${queue(2, "ten_b")} ${message(1, 1, "of a")} ${message(2, 2, "of b")}`);
  copyFileSync(file, copy);
  keepOnly(copy, queuesPart, own);
  assert.deepEqual(rows(copy, "SELECT text FROM bodies"), [["of a"]]);
  // Meanwhile the tenant was removed, but for a rest, and its numbers were given to others.
  filled(
    file,
    queueMigrations,
    `DELETE FROM messages WHERE queue = 1; DELETE FROM bodies WHERE body = 1; ${queue(3, "ten_b2")} ${message(3, 3, "of b2")}`,
  );
  putRows(file, copy, queuesPart, own);
  const all = "SELECT tenant, bodies.text FROM messages JOIN queues USING (queue) JOIN bodies USING (body) ORDER BY tenant";
  assert.deepEqual(rows(file, all), [
    ["ten_a", "of a"],
    ["ten_b", "of b"],
    ["ten_b2", "of b2"],
  ]);
  assert.deepEqual(rows(file, "SELECT queue FROM queues WHERE tenant = 'ten_a'"), [[4]]);
});

test("a message with its text in its own row takes no text of others along, and none away, however often it is put back", (t) => {
  const dir = folderOf(t);
  const [file, copy] = [join(dir, "queues.db"), join(dir, "copy.db")];
  const short =
    "INSERT INTO messages (seq, queue, id, visible_at, sent_at, body, text, about, bytes) VALUES (1, 1, 'm1', 1, 1, 0, 'of a', '{}', 1);";
  filled(file, queueMigrations, `${queue(1, "ten_a")} ${queue(2, "ten_b")} ${short} ${message(2, 2, "of b")}`);
  for (let round = 0; round < 2; round++) {
    copyFileSync(file, copy);
    keepOnly(copy, queuesPart, own);
    assert.deepEqual(rows(copy, "SELECT text FROM bodies"), []);
    putRows(file, copy, queuesPart, own);
    assert.deepEqual(rows(file, "SELECT text FROM bodies"), [["of b"]]);
  }
  assert.deepEqual(rows(file, "SELECT text FROM messages WHERE text IS NOT NULL"), [["of a"]]);
});

const bucket = (at: number, tenant: string) =>
  `INSERT INTO buckets (bucket, name, tenant, region, created_at) VALUES (${at}, 'b-${tenant}', '${tenant}', 'r', 1);`;
const object = (at: number, of: number, files: string[]) =>
  `INSERT INTO versions VALUES (${at}, ${of}, 'k${at}', 'v', 1, 0, 1, 1, 'e', '{}', '${JSON.stringify(files.map((name) => ({ file: name, offset: 0, size: 1 })))}');`;

test("files that objects of several tenants have are counted anew", (t) => {
  const dir = folderOf(t);
  const [file, copy] = [join(dir, "objects.db"), join(dir, "copy.db")];
  const files = "INSERT INTO files VALUES ('shared', 3, NULL), ('a', 1, NULL), ('b', 1, NULL), ('small', 1, x'00');";
  filled(
    file,
    objectMigrations,
    `${bucket(1, "ten_a")} ${bucket(2, "ten_b")} ${object(1, 1, ["shared", "a"])} ${object(2, 2, ["shared", "b"])} ${object(3, 2, ["shared"])} ${object(4, 1, ["small"])} ${files}`,
  );
  copyFileSync(file, copy);
  keepOnly(copy, objectsPart, own);
  const uses = "SELECT file, uses FROM files ORDER BY file";
  assert.deepEqual(rows(copy, uses), [
    ["a", 1],
    ["shared", 1],
    ["small", 1],
  ]);
  filled(
    file,
    objectMigrations,
    "DELETE FROM versions WHERE bucket = 1; UPDATE files SET uses = 2 WHERE file = 'shared'; DELETE FROM files WHERE file IN ('a', 'small'); INSERT INTO garbage VALUES ('a')",
  );
  putRows(file, copy, objectsPart, own);
  assert.deepEqual(rows(file, uses), [
    ["a", 1],
    ["b", 1],
    ["shared", 3],
    ["small", 1],
  ]);
  assert.deepEqual(rows(file, "SELECT * FROM garbage"), []);
  // The name of a bucket is one of the whole server.
  filled(file, objectMigrations, "UPDATE buckets SET tenant = 'ten_c' WHERE tenant = 'ten_a'");
  assert.throws(() => putRows(file, copy, objectsPart, own), { code: "bad-backup", message: /buckets\.name/ });
});

/** A store with a hash, a list and a text, and what is left of a set that was removed. */
const store = (at: number, tenant: string) =>
  `INSERT INTO stores (store, tenant, app, name, version, entries, bytes, members) VALUES (${at}, '${tenant}', '${tenant}', 'main', 3, 3, 9, 2);
   INSERT INTO entries VALUES (${10 * at}, ${at}, x'61', 1, NULL, 2, NULL, x''), (${10 * at + 1}, ${at}, x'62', 2, NULL, 1, NULL, x''), (${10 * at + 2}, ${at}, x'63', 3, NULL, 1, NULL, x'00');
   INSERT INTO structures VALUES (${10 * at}, ${10 * at}, 1, 1, 0), (${10 * at + 1}, ${10 * at + 1}, 2, 1, 7), (${10 * at + 2}, NULL, 3, 1, 0);
   INSERT INTO members VALUES (${10 * at}, 5, x'66', CAST('of ${tenant}' AS BLOB)), (${10 * at + 2}, 5, x'66', x'');
   INSERT INTO items VALUES (${10 * at + 1}, 7, CAST('of ${tenant}' AS BLOB));`;

test("a tenant's hashes and lists are taken out with their members, and put beside those of others, under other numbers", (t) => {
  const dir = folderOf(t);
  const [file, copy] = [join(dir, "kv.db"), join(dir, "copy.db")];
  filled(file, kvMigrations, `${store(1, "ten_a")} ${store(2, "ten_b")}`);
  copyFileSync(file, copy);
  keepOnly(copy, kvPart, own);
  assert.deepEqual(rows(copy, "SELECT (SELECT count(*) FROM structures), (SELECT count(*) FROM members), (SELECT count(*) FROM items)"), [
    [2, 1, 1],
  ]);
  filled(file, kvMigrations, store(3, "ten_c"));
  putRows(file, copy, kvPart, own);
  const all = (table: string) =>
    `SELECT tenant, CAST(${table}.value AS TEXT) FROM ${table} JOIN structures USING (structure) JOIN entries USING (entry) JOIN stores USING (store) ORDER BY tenant`;
  for (const table of ["members", "items"])
    assert.deepEqual(
      rows(file, all(table)),
      ["ten_a", "ten_b", "ten_c"].map((tenant) => [tenant, `of ${tenant}`]),
      table,
    );
});
