import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { EventStream } from "../../telemetry/event-stream.ts";
import type { InvocationEnded } from "../../telemetry/platform-event.ts";
import { openDatabase } from "../sqlite/open.ts";
import { damageTables } from "../sqlite/testing/damage-tables.ts";
import { keepInvocations, type KeptInvocationsOptions } from "./kept-invocations.ts";
import { openInvocations } from "./open-invocations.ts";
import { invocationMigrations } from "./schema.ts";
import { invocationTable } from "./table.ts";
import { MOST_BAD } from "./window.ts";

const ended: InvocationEnded = {
  type: "invocation-ended",
  at: 1_000,
  invocation: "i",
  app: "shop",
  function: "buy",
  machine: "m1",
  appGone: false,
  revision: "r1",
  memoryMb: 128,
  branch: null,
  outcome: "replied",
  details: null,
  status: 200,
  spans: { queue: 1, start: 0, bind: 0, run: 2 },
  slotMs: 2,
  requestBytes: 3,
  replyBytes: 5,
  kind: "http",
  attempt: 1,
  source: null,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
  recorded: null,
};

type Wished = Partial<Pick<KeptInvocationsOptions, "perSecond" | "perApp" | "most">>;

/** Apps are of the tenant that their names begin with: "a-shop" is of "a". */
function keeping(context: TestContext, wished: Wished = {}) {
  const clock = new FakeClock();
  const events = new EventStream(clock, (error) => assert.fail(String(error)));
  const db = openDatabase(":memory:", { durability: "normal", migrations: invocationMigrations });
  const options: KeptInvocationsOptions = {
    table: invocationTable(db),
    events,
    clock,
    tenantOf: (app) => app.split("-", 1)[0],
    perSecond: 3,
    slowMs: 1_000,
    perApp: 1_000,
    most: 100_000,
    onFailure: (error) => assert.fail(String(error)),
    ...wished,
  };
  const kept = keepInvocations(options);
  afterwards(context, () => {
    kept.close();
    db.close();
  });
  let number = 0;
  /** Tells of as many invocations; their ids count up from i1. */
  const tell = (more: Partial<InvocationEnded> = {}, many = 1) => {
    for (let each = 0; each < many; each++) events.tell({ ...ended, invocation: `i${++number}`, at: 1_000 + number, ...more });
  };
  const ids = (app = "shop", filter = {}) => kept.list(app, { limit: 10_000, ...filter }).map(({ invocation }) => invocation);
  return { clock, events, kept, options, tell, ids };
}

test("of a second, failures and slow calls are kept, the first others, and the slowest of those that are left", (context) => {
  const { kept, tell, ids } = keeping(context);
  tell({}, 10);
  tell({ spans: { queue: 0, start: 300, bind: 100, run: 2 } });
  tell({}, 10);
  tell({ outcome: "function-threw", status: 500, details: { function: "buy", app: "shop", what: "no stock" } });
  tell({ status: 503 });
  tell({ outcome: "aborted", status: 0 });
  tell({ spans: { queue: 0, start: 0, bind: 0, run: 1_500 } });
  assert.deepEqual(ids().toSorted(), ["i1", "i11", "i2", "i22", "i23", "i24", "i25", "i3"].toSorted());
  assert.deepEqual(ids("shop", { outcome: "failed" }), ["i24", "i23", "i22"]);
  assert.deepEqual(ids("shop", { slowerThan: 400 }), ["i25", "i11"]);
  assert.deepEqual(ids("shop", { outcome: "aborted" }), ["i24"]);
  assert.deepEqual(ids("shop", { function: "other" }), []);
  assert.deepEqual(ids("another"), []);
  const [threw] = kept.attempts("shop", "i22");
  assert.equal(threw!.error, "Function buy of app shop threw before it replied.");
  assert.deepEqual([threw!.keptAs, threw!.machine, threw!.traceparent], ["failed", "m1", ended.traceparent]);
  assert.deepEqual(kept.attempts("other", "i22"), [], "an id of another app's call finds nothing");
});

test("all attempts at an event are found by its id, with what called the function", (context) => {
  const { kept, tell } = keeping(context);
  const same = { invocation: "e1", kind: "event", source: { kind: "schedule", name: "nightly" } } as const;
  tell({ ...same, attempt: 1, outcome: "function-timeout", status: 0 });
  tell({ ...same, attempt: 2 });
  assert.deepEqual(
    kept.attempts("shop", "e1").map(({ attempt, outcome, source }) => [attempt, outcome, source]),
    [
      [2, "replied", { kind: "schedule", name: "nightly" }],
      [1, "function-timeout", { kind: "schedule", name: "nightly" }],
    ],
  );
});

test("a storm of failures keeps the newest, costs a bounded number of rows, and takes nothing from other tenants", async (context) => {
  const { clock, tell, ids } = keeping(context, { perApp: 150 });
  for (let second = 0; second < 5; second++) {
    for (let app = 0; app < 20; app++) tell({ app: `loud-${app}`, outcome: "function-threw", status: 500 }, 1_000);
    tell({ app: "quiet-shop", invocation: `q${second}` });
    await clock.advance(1_000);
  }
  assert.equal(ids("quiet-shop").length, 5);
  const loud = Array.from({ length: 20 }, (_, app) => ids(`loud-${app}`).length);
  assert.ok(
    loud.every((rows) => rows > 0 && rows <= 150 * 1.05),
    String(loud),
  );
  assert.ok(loud.reduce((sum, rows) => sum + rows, 0) <= 5 * 500);
});

test("beyond the bound of failures, the newest of a second stay", (context) => {
  const { tell, ids } = keeping(context);
  tell({ status: 500 }, 10 * MOST_BAD + 7);
  const kept = ids();
  assert.equal(kept.length, MOST_BAD);
  assert.ok(kept.includes(`i${10 * MOST_BAD + 7}`) && !kept.includes(`i${9 * MOST_BAD}`));
});

test("when there are too many rows, the tenant that has most loses its oldest", async (context) => {
  const { clock, tell, ids } = keeping(context, { perSecond: 100, most: 300 });
  tell({ app: "small-a" }, 40);
  for (let second = 0; second < 10; second++) {
    tell({ app: "big-a" }, 50);
    tell({ app: "big-b" }, 50);
    await clock.advance(1_000);
  }
  const rows = ["small-a", "big-a", "big-b"].map((app) => ids(app).length);
  assert.equal(rows[0], 40);
  assert.ok(rows[1]! + rows[2]! <= 260 && Math.abs(rows[1]! - rows[2]!) <= 100, String(rows));
  assert.ok(ids("big-b").includes("i1040"));
});

test("after the host's clock was put back, what is new comes first and stays, and what was kept with late times goes as it would have", (context) => {
  const { tell, ids } = keeping(context, { perSecond: 100, perApp: 20 });
  tell({ at: 4e12 }, 20);
  ids();
  for (let second = 0; second < 4; second++) {
    tell({}, 10);
    assert.equal(ids()[0], `i${30 + 10 * second}`);
  }
  assert.deepEqual(ids().at(-1), "i41");
});

test("what was kept is there for the next server, and is gone with its app", async (context) => {
  const { clock, events, kept, options, tell } = keeping(context);
  tell();
  kept.close();
  const next = keepInvocations(options);
  assert.deepEqual(
    next.list("shop", { limit: 10 }).map(({ invocation }) => invocation),
    ["i1"],
  );
  tell();
  events.tell({ type: "app-removed", at: 0, app: "shop" });
  await clock.advance(2_000);
  assert.deepEqual(next.list("shop", { limit: 10 }), []);
  next.close();
});

test("with nothing of a sample, failures alone are kept; what ends after its app was removed is not", (context) => {
  const { tell, ids } = keeping(context, { perSecond: 0 });
  tell({}, 20);
  tell({ status: 500 });
  tell({ status: 500, appGone: true });
  assert.deepEqual(ids(), ["i21"]);
});

test("texts of callers and functions are cut, and half a character is none", (context) => {
  const { kept, tell } = keeping(context);
  const long = `${"x".repeat(499)}\u{1f600}`;
  tell({ invocation: long, outcome: "function-threw", details: { function: "buy", app: "shop", what: "y".repeat(100_000) } });
  const [one] = kept.list("shop", { limit: 1 });
  assert.equal(one!.invocation, `${"x".repeat(499)}\ufffd`);
  assert.ok(one!.error!.length <= 500);
});

test("a file whose table is damaged is told of, and the server goes on without it", (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-invocations-"));
  afterwards(context, () => rmSync(dir, { recursive: true }));
  const file = join(dir, "invocations.db");
  const { options, events, tell } = keeping(context);
  const failures: unknown[] = [];
  const open = () => openInvocations(file, { ...options, keep: true, onFailure: (error) => failures.push(error) });
  const first = open();
  tell();
  first.close();
  damageTables(file);
  const next = open();
  assert.deepEqual(
    failures.map((error) => (error as { code?: string }).code),
    ["state-damaged"],
  );
  tell();
  assert.equal(next.list("shop", { limit: 10 }).length, 1);
  events.tell({ type: "app-removed", at: 0, app: "shop" });
  assert.deepEqual(next.list("shop", { limit: 10 }), []);
  next.close();
});
