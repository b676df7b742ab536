import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { migrate } from "../../../store/sqlite/migrate.ts";
import { transaction } from "../../../store/sqlite/transaction.ts";
import { message, tenant } from "../testing/conformance.ts";
import { MESSAGE_BYTES } from "./counts.ts";
import { engine } from "./engine.ts";
import { migrations } from "./schema.ts";

const most = { queues: 10, tenantBytes: 1e6, appBytes: 1e6, inFlight: 100 };
const ref = { tenant, name: "jobs" };
const LONG = "x".repeat(5_000);

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-queue-counts-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  return join(dir, "queues.db");
}

function open(file: string) {
  const db = new DatabaseSync(file);
  migrate(db, file, migrations);
  return { db, queues: engine.operations(db) };
}

test("what is counted of queues is the same after the file was opened again, and numbers of messages go on", (t) => {
  const file = folder(t);
  const first = open(file);
  first.queues.create({ ...ref, app: "app_a", settings: {}, tags: {}, now: 1, most });
  first.queues.create({ tenant, name: "empty", app: null, settings: {}, tags: {}, now: 1, most });
  const { messages } = first.queues.send({ ref, messages: [message("one"), message(LONG), message("three")], now: 1, most });
  const { messages: got } = first.queues.receive({ ref, most: 1, inFlight: 100, now: 2 });
  first.queues.delete({ ref, receipts: [got[0]!.receipt], now: 2 });
  const told = () => [first.queues.find({ ...ref, now: 3 }), first.queues.kept(), first.queues.depths({ now: 3, most: 10 })];
  const before = told();
  first.db.close();
  const second = open(file);
  assert.deepEqual([second.queues.find({ ...ref, now: 3 }), second.queues.kept(), second.queues.depths({ now: 3, most: 10 })], before);
  assert.deepEqual(second.queues.kept(), [{ owner: "app_a", bytes: LONG.length + 5 + 2 * MESSAGE_BYTES }]);
  const { messages: more } = second.queues.send({ ref, messages: [message("four")], now: 4, most });
  assert.ok(more[0]!.sequence > messages[2]!.sequence, `${more[0]!.sequence} after ${messages[2]!.sequence}`);
  assert.deepEqual(
    second.queues.receive({ ref, most: 10, inFlight: 100, now: 5 }).messages.map(({ body }) => body),
    [LONG, "three", "four"],
  );
  second.db.close();
});

test("what a transaction undoes is neither counted nor remembered", (t) => {
  const { db, queues } = open(folder(t));
  queues.create({ ...ref, app: null, settings: { waitMs: 1 }, tags: {}, now: 1, most });
  queues.send({ ref, messages: [message("one")], now: 1, most });
  const undone = (work: () => void) => {
    const failing = () => {
      work();
      throw new Error("undone");
    };
    assert.throws(() => transaction(db, failing), /undone/);
  };
  const before = queues.find({ ...ref, now: 2 });
  undone(() => {
    queues.change({ ref, settings: { waitMs: 2 }, now: 2 });
    queues.send({ ref, messages: [message("two")], now: 2, most });
  });
  assert.deepEqual(queues.find({ ...ref, now: 2 }), before);
  assert.equal(queues.receive({ ref, most: 10, inFlight: 100, now: 2 }).waitMs, 1);
  undone(() => {
    queues.create({ tenant, name: "other", app: null, settings: {}, tags: {}, now: 2, most });
    queues.send({ ref: { tenant, name: "other" }, messages: [message("lost")], now: 2, most });
  });
  assert.throws(() => queues.send({ ref: { tenant, name: "other" }, messages: [message("lost")], now: 2, most }), {
    code: "no-such-queue",
  });
  undone(() => void queues.remove(ref));
  queues.change({ ref, settings: { waitMs: 3 }, now: 3 });
  assert.equal(queues.receive({ ref, most: 10, inFlight: 100, now: 3 }).waitMs, 3);
  assert.deepEqual(queues.kept(), [{ owner: tenant, bytes: 3 + MESSAGE_BYTES }]);
  db.close();
});

test("messages of a file that an older Mayfly wrote are there, and counted", (t) => {
  const file = folder(t);
  const old = new DatabaseSync(file);
  migrate(old, file, migrations.slice(0, 3));
  old.exec(`INSERT INTO queues VALUES (1, '${tenant}', '', 'jobs', 0, '{"visibilityMs":30000,"delayMs":0,"isFifo":false,"retentionMs":345600000,"deadLetters":null,"sharedWith":[]}', '{}', 1, 1, 0, 2, 8);
    INSERT INTO owners VALUES ('${tenant}', '', 1, ${8 + 2 * MESSAGE_BYTES});
    INSERT INTO bodies VALUES (7, 'text', '{"attributes":{}}'), (8, 'more', '{"attributes":{}}');
    INSERT INTO messages (seq, queue, id, visible_at, sent_at, body, bytes) VALUES (11, 1, 'a', 1, 1, 7, 4), (12, 1, 'b', 1, 1, 8, 4);`);
  old.close();
  const { db, queues } = open(file);
  assert.deepEqual(queues.kept(), [{ owner: tenant, bytes: 8 + 2 * MESSAGE_BYTES }]);
  queues.send({ ref, messages: [message("new")], now: 2, most });
  const { messages } = queues.receive({ ref, most: 10, inFlight: 100, now: 3 });
  assert.deepEqual(
    messages.map(({ body, sequence }) => [body, sequence]),
    [
      ["text", 11],
      ["more", 12],
      ["new", 13],
    ],
  );
  db.close();
});
