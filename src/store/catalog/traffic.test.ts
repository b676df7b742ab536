/** What the catalog keeps of how calls move between revisions. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import { openDatabase } from "../sqlite/open.ts";
import type { TargetChoice } from "./catalog.ts";
import { catalogMigrations } from "./schema.ts";
import { openCatalog } from "./sqlite.ts";
import { CatalogInFolder, manifestOf } from "./testing/open-catalog.ts";

let files: CatalogInFolder;

beforeEach(async () => {
  files = new CatalogInFolder();
  for (const code of ["one", "two", "three"]) await files.deploy("shop", code);
});
afterEach(() => files.close());

const weights = (...all: [revision: number, weight: number][]): TargetChoice[] => all.map(([revision, weight]) => ({ revision, weight }));

/** How much of the line each revision has, by its number, in percent. */
function shares(alias = "live"): Record<number, number> {
  const numbers = new Map(files.catalog.app(mainTenant, "shop")!.revisions.map(({ id, number }) => [id, number]));
  const found: Record<number, number> = {};
  for (const [revision, units] of files.catalog.alias(files.id("shop"), alias)!.sticky!.runs)
    found[numbers.get(revision)!] = (found[numbers.get(revision)!] ?? 0) + Math.round((100 * units) / 2 ** 30);
  return found;
}

test("an alias keeps which callers go where, over restarts, changes of weights and deploys, until it is told otherwise", async () => {
  const app = files.id("shop");
  files.catalog.point(app, "live", weights([2, 70], [3, 30]), undefined, { sticky: { by: "cookie", name: "session" } });
  const first = files.catalog.alias(app, "live")!.sticky!.runs;
  files.reopen();
  assert.deepEqual(files.catalog.alias(app, "live")!.sticky, { by: "cookie", name: "session", runs: first });
  files.catalog.point(app, "live", weights([2, 50], [3, 40], [1, 10]));
  assert.deepEqual(shares(), { 1: 10, 2: 50, 3: 40 });
  files.catalog.point(app, "live", undefined, undefined, { sticky: { by: "header", name: "x-user" } });
  assert.deepEqual(shares(), { 1: 10, 2: 50, 3: 40 }, "another key keeps the pieces");
  await files.deploy("shop", "four");
  assert.deepEqual(shares(), { 4: 100 });
  const row = files.catalog.app(mainTenant, "shop")!;
  assert.deepEqual(
    row.aliases.map(({ name, sticky }) => [name, sticky]),
    [["live", { by: "header", name: "x-user" }]],
  );
  files.catalog.point(app, "live", undefined, undefined, { sticky: null });
  assert.equal(files.catalog.alias(app, "live")!.sticky, null);
});

test("an app with an alias that reserves machines is served before anybody calls it", () => {
  const app = files.id("shop");
  assert.deepEqual(files.catalog.eager(), []);
  files.catalog.point(app, "next", weights([2, 1]), undefined, { reserved: 3 });
  files.reopen();
  assert.deepEqual(
    [files.catalog.eager(), files.catalog.reserving(app).map(({ name, reserved }) => [name, reserved])],
    [[app], [["next", 3]]],
  );
  files.catalog.point(app, "next", weights([1, 1]));
  assert.equal(files.catalog.alias(app, "NEXT", true)?.reserved, 3, "it moves with the alias");
  files.catalog.removeAlias(app, "next");
  assert.deepEqual(files.catalog.eager(), []);
});

test("what the disk has damaged of an alias's settings or of a canary is as if it were not there", async () => {
  const app = files.id("shop");
  const plan = { forMs: 1, minCalls: 1, maxErrors: { most: 0.1, above: "none" }, maxP99: { most: 1, above: "old" } } as const;
  const bundles = [{ function: "main", format: "cjs" as const, code: Buffer.from("five") }];
  await files.catalog.deploy(mainTenant, manifestOf("shop"), bundles, undefined, undefined, { kind: "canary", share: 0.1, plan });
  assert.equal(files.catalog.runningCanaries().length, 1);
  files.damage("UPDATE canaries SET counts = '{'");
  for (const json of ["{", '{"by":"cookie","name":"a","runs":[["",1]]}', '{"by":"ip","name":"a","runs":[]}']) {
    files.damage("UPDATE aliases SET sticky = ?", json);
    files.reopen();
    assert.equal(files.catalog.alias(app, "live")!.sticky, null, json);
    assert.deepEqual(files.catalog.runningCanaries(), []);
    assert.equal(files.catalog.app(mainTenant, "shop")!.problem, null);
  }
  files.catalog.rollBack(app);
  assert.equal(files.live("shop")?.number, 3, "another change of live ends it all the same");
});

test("an older Mayfly's catalog is taken over: a rollback goes to the revision of the next lower number", (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-catalog-"));
  afterwards(context, () => rmSync(dir, { recursive: true }));
  const file = join(dir, "catalog.db");
  // The migrations up to the one that knows of rollbacks.
  const older = catalogMigrations(() => assert.fail("there are no secrets")).slice(0, 5);
  const db = openDatabase(file, { durability: "normal", migrations: older });
  db.exec(`INSERT INTO apps (id, tenant, name, last_number) VALUES ('app_a', '${mainTenant}', 'shop', 9);
    INSERT INTO names (tenant, name, kind, id) VALUES ('${mainTenant}', 'shop', 'app', 'app_a');
    INSERT INTO aliases (app, name) VALUES ('app_a', 'live')`);
  for (const number of [2, 5, 9])
    db.prepare("INSERT INTO revisions (id, app, number, digest, manifest, created_at) VALUES (?, 'app_a', ?, ?, ?, 0)").run(
      `rev_${number}`,
      number,
      `${number}`,
      JSON.stringify(manifestOf("shop")),
    );
  db.exec("INSERT INTO targets (app, alias, revision, weight) VALUES ('app_a', 'live', 'rev_9', 1)");
  db.close();
  const catalog = openCatalog(file, join(dir, "key"));
  afterwards(context, () => catalog.close());
  assert.equal(catalog.rollBack("app_a")[0]!.revision.number, 5);
  assert.throws(() => catalog.rollBack("app_a"), { code: "no-revision-before" }, "nothing is known of what was before that");
});
