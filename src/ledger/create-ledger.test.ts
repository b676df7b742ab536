import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { createLedger } from "./create-ledger.ts";
import type { Ledger } from "./ledger.ts";
import { createPending } from "./pending.ts";

const GB = 2 ** 30;
const prices = { currency: "USD", vcpuSecond: 2, gbSecond: 10 };
let dir: string;
let ledger: Ledger;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-ledger-"));
  ledger = open();
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true });
});

test("the summary adds up an app's use and prices it, before and after a restart", () => {
  ledger.record({ at: 1, app: "shop", machine: "m1", cpuUs: 500_000, byteSeconds: GB / 4 });
  ledger.record({ at: 2, app: "shop", machine: "m1", cpuUs: 500_000, byteSeconds: GB / 4, requests: 3 });
  ledger.record({ at: 3, app: "shop", machine: "m2", requests: 4 });
  const expected = { cpuSeconds: 1, gbSeconds: 0.5, requests: 7, cost: 7 };
  assert.deepEqual(ledger.summary("shop"), expected);
  ledger.close();
  ledger = open();
  assert.deepEqual(ledger.summary("shop"), expected);
  assert.deepEqual(ledger.byApp(), [{ app: "shop", ...expected }]);
});

test("the platform's own use is apart from that of apps, and part of the total", () => {
  ledger.record({ at: 1, app: null, machine: "m1", cpuUs: 2_000_000 });
  ledger.record({ at: 1, app: null, machine: "m1", kind: "blank", byteSeconds: GB });
  ledger.record({ at: 1, app: "shop", machine: "m1", cpuUs: 1_000_000 });
  assert.equal(ledger.summary(null).cpuSeconds, 2);
  assert.equal(ledger.summary(null).gbSeconds, 1);
  assert.equal(ledger.summary().cpuSeconds, 3);
});

test("an app that used nothing costs nothing", () => {
  assert.deepEqual(ledger.summary("none"), { cpuSeconds: 0, gbSeconds: 0, requests: 0, cost: 0 });
});

test("what was stored cannot be changed or deleted, not even by another program", () => {
  ledger.record({ at: 1, app: "shop", machine: "m1", requests: 1 });
  ledger.flush();
  const other = new DatabaseSync(join(dir, "ledger.db"));
  assert.throws(() => other.exec("DELETE FROM usage"), /append-only/);
  assert.throws(() => other.exec("UPDATE usage SET cpu_us = 0"), /append-only/);
  other.close();
});

test("a thousand deltas of one machine are one row", () => {
  for (let i = 0; i < 1_000; i++) ledger.record({ at: i, app: "shop", machine: "m1", requests: 1 });
  ledger.flush();
  const other = new DatabaseSync(join(dir, "ledger.db"));
  assert.equal(other.prepare("SELECT count(*) AS n FROM usage").get()?.["n"], 1);
  other.close();
});

test("memory is bounded where nothing can be stored, and the sum is still right", () => {
  const pending = createPending();
  for (let i = 0; i < 50_000; i++) pending.add({ at: i, app: "shop", machine: `m${i}`, requests: 1 });
  assert.ok(pending.size() <= 10_001);
  assert.equal(
    pending.entries().reduce((sum, { requests }) => sum + requests, 0),
    50_000,
  );
});

function open(): Ledger {
  return createLedger(join(dir, "ledger.db"), { prices, onFailure: (error) => assert.fail(String(error)) });
}
