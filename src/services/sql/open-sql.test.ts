/** SQL databases with their real process; test/sql.test.ts has functions that use them. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock } from "../../base/clock/clock.ts";
import { loadConfig } from "../../base/config/load.ts";
import type { ServerStart } from "../../base/config/server-start.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { createUids } from "../../base/uids/uids.ts";
import { EventStream } from "../../telemetry/event-stream.ts";
import { openSql } from "./open-sql.ts";
import { MOST_DATABASES } from "./sql.ts";

function open(context: TestContext) {
  const stateDir = mkdtempSync(join(tmpdir(), "mayfly-sql-"));
  afterwards(context, () => rmSync(stateDir, { recursive: true }));
  const closing = new AsyncDisposableStack();
  afterwards(context, () => closing.disposeAsync());
  const failed = (error: unknown) => assert.fail(String(error));
  const log = { error: ({ err }: { err: unknown }) => failed(err) } as unknown as ServerStart["log"];
  const start = { config: loadConfig({ flags: { stateDir }, env: {} }), clock: systemClock, log, closing };
  const sql = openSql(start, {
    uids: createUids(),
    events: new EventStream(systemClock, failed),
    accounts: { serviceUsed: () => {} },
    tenantOf: () => "ten_a",
    nameOf: () => "shop",
  });
  const run = (name: string, text: string) => sql.run({ tenant: "ten_a", app: "app_a", name }, { statements: [{ sql: text, params: [] }] });
  return { stateDir, sql, run };
}

test("an app has so many databases and no more, also if many are asked for at once", async (context) => {
  const { sql, run } = open(context);
  const asked = await Promise.allSettled(Array.from({ length: 2 * MOST_DATABASES }, (_, at) => run(`db-${at}`, "CREATE TABLE t (a)")));
  const refused = asked.flatMap((each) => (each.status === "rejected" ? [(each.reason as { code: string }).code] : []));
  assert.deepEqual(
    refused,
    Array.from({ length: MOST_DATABASES }, () => "sql-full"),
  );
  assert.equal((await sql.databases("ten_a", "app_a")).length, MOST_DATABASES);
  await sql.drop({ tenant: "ten_a", app: "app_a", name: "db-0" });
  // Of one that is being made, further requests may be under way.
  await Promise.all([run("new", "SELECT 1"), run("new", "SELECT 2")]);
  await assert.rejects(run("one-more", "SELECT 1"), { code: "sql-full" });
});

test("no table of an app's stands in the way of what a result says of the database", async (context) => {
  const { run } = open(context);
  await run("main", "CREATE TABLE pragma_page_count (x)");
  await run("main", "CREATE TABLE pragma_page_size (page_count, page_size)");
  const [result] = await run("main", "SELECT 1");
  assert.ok(result!.meta.size >= 3 * 4_096 && result!.meta.size < 1_000_000);
});

test(
  "what a link in the folder of a tenant leads to stays its owner's",
  { skip: process.geteuid?.() !== 0 && "the server does not run as root" },
  async (context) => {
    const { stateDir, run } = open(context);
    const outside = join(stateDir, "secret");
    writeFileSync(outside, "of the server");
    mkdirSync(join(stateDir, "sql/ten_a/app_a"), { recursive: true });
    symlinkSync(outside, join(stateDir, "sql/ten_a/app_a/link.db"));
    await run("main", "SELECT 1");
    assert.equal(statSync(outside).uid, 0);
    assert.notEqual(statSync(join(stateDir, "sql/ten_a/app_a/main.db")).uid, 0);
  },
);
