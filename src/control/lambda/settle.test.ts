/** A server that is killed between the two files that a change is written to: its successor brings them together. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock } from "../../base/clock/clock.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import { openCatalog } from "../../store/catalog/sqlite.ts";
import { codeOf, manifestOf } from "../../store/catalog/testing/open-catalog.ts";
import { openLambdaStore } from "../../store/lambda/open-lambda-store.ts";
import { createAlias, deleteAlias, updateAlias } from "./aliases.ts";
import { usualSettings } from "./find-function.ts";
import { deleteFunction } from "./functions.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { accountOf } from "./names.ts";
import { settleLeftOvers } from "./settle.ts";
import { deleteVersion, publishVersion } from "./versions.ts";

const tenant = mainTenant;
const account = { tenant, account: accountOf(tenant), region: "us-east-1" };
const name = "orders";

interface World {
  folder: string;
  parts: LambdaParts;
  close: () => void;
}

function open(folder: string): World {
  const catalog = openCatalog(join(folder, "catalog.db"), join(folder, "key"));
  const store = openLambdaStore(join(folder, "lambda.db"));
  const nothing = () => undefined;
  const serving = {
    check: nothing,
    pointed: nothing,
    restored: nothing,
    branched: nothing,
    provide: nothing,
    boundTo: () => 0,
    removed: nothing,
  };
  const rest = {
    logs: { remove: async () => undefined },
    events: { tell: nothing },
    deployments: { begin: nothing, ended: async () => undefined },
  };
  const parts = { store, catalog, serving, clock: systemClock, ...rest } as unknown as LambdaParts;
  const close = () => {
    store.close();
    catalog.close();
  };
  return { folder, parts, close };
}

/** A function with two versions and an alias of the first one. */
async function orders(t: TestContext): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-settle-"));
  afterwards(t, () => rmSync(folder, { recursive: true }));
  const world = open(folder);
  const { parts } = world;
  for (const code of ["one", "two"]) {
    const { revision } = await parts.catalog.deploy(tenant, manifestOf(name), codeOf(code));
    const before = parts.store.functions.get(tenant, "", name);
    parts.store.functions.put(tenant, "", name, {
      ...(before ?? made()),
      revision: revision.id,
      revisionId: code,
      lastModified: before ? 2 : 1,
    });
    publishVersion(parts, account, name, {});
  }
  createAlias(parts, account, name, "prod", { version: "1" });
  return world;
}

function made() {
  return {
    name,
    region: "us-east-1",
    settings: usualSettings(name, tenant),
    code: null,
    layers: [],
    lastModified: 1,
    revisionId: "",
    state: "Active" as const,
    revision: null,
    update: "Successful" as const,
    tags: {},
    lastVersion: 0,
    published: null,
    publishing: null,
    reserved: null,
    recursiveLoop: "Terminate" as const,
    updateRuntimeOn: "Auto",
    runtimeVersionArn: null,
  };
}

/** What the app's aliases other than `live` have to be, by the records. */
function wanted({ store }: LambdaParts): Record<string, unknown> {
  const versions = new Map(store.versions.all(tenant, name).map(({ version, revision }) => [String(version), revision]));
  const ofVersions = [...versions].map(([version, revision]) => [`lambda-version-${version}`, [revision]]);
  const ofAliases = store.aliases.all(tenant, name).map((alias) => [alias.name, [versions.get(alias.version)]]);
  return Object.fromEntries([...ofVersions, ...ofAliases]) as Record<string, unknown>;
}

function found({ catalog }: LambdaParts): Record<string, unknown> {
  const aliases = catalog.app(tenant, name)?.aliases.filter((alias) => alias.name !== "live") ?? [];
  return Object.fromEntries(aliases.map((alias) => [alias.name, alias.targets.map(({ revision }) => revision)]));
}

const changes: Record<string, (parts: LambdaParts) => unknown> = {
  publishVersion(parts) {
    const record = parts.store.functions.get(tenant, "", name)!;
    parts.store.functions.put(tenant, "", name, { ...record, lastModified: 3, settings: { ...record.settings, Description: "third" } });
    return publishVersion(parts, account, name, {});
  },
  createAlias: (parts) => createAlias(parts, account, name, "next", { version: "2" }),
  updateAlias: (parts) => updateAlias(parts, account, name, "prod", { version: "2" }),
  deleteAlias: (parts) => deleteAlias(parts, account, name, "prod"),
  deleteVersion: (parts) => deleteVersion(parts, account, name, "2"),
  deleteFunction: (parts) => deleteFunction(parts, account, name),
};

for (const [change, run] of Object.entries(changes))
  for (const when of ["before", "after"] as const)
    test(`${change}: a server that is killed ${when} the app has followed leaves what the next one puts right`, async (t) => {
      const world = await orders(t);
      const { folder, parts } = world;
      const left = mkdtempSync(join(tmpdir(), "mayfly-settle-left-"));
      afterwards(t, () => rmSync(left, { recursive: true }));
      let kills = 0;
      // What is on the disk at that moment is what a killed server leaves.
      const kill = () => {
        kills += 1;
        cpSync(folder, left, { recursive: true });
      };
      await run({ ...parts, catalog: killing(parts.catalog, when, kill) });
      assert.equal(kills, 1, "otherwise this test shows nothing");
      assert.deepEqual([found(parts), parts.store.unsettled.all()], [wanted(parts), []], "nobody was killed");
      world.close();

      const next = open(left);
      afterwards(t, () => next.close());
      assert.equal(next.parts.store.unsettled.all().length, 1);
      if (when === "before")
        assert.notDeepEqual([found(next.parts), next.parts.catalog.count()], [wanted(next.parts), change === "deleteFunction" ? 0 : 1]);
      await settleLeftOvers(next.parts, assert.ifError);
      assert.deepEqual([found(next.parts), next.parts.store.unsettled.all()], [wanted(next.parts), []]);
      assert.equal(next.parts.catalog.count(), change === "deleteFunction" ? 0 : 1);
    });

test("an alias that the app cannot follow is not stored", async (t) => {
  const { parts, close } = await orders(t);
  afterwards(t, close);
  const point = () => {
    throw new Error("the disk is gone");
  };
  const broken = { ...parts, catalog: { ...parts.catalog, point } } as LambdaParts;
  assert.throws(() => updateAlias(broken, account, name, "prod", { version: "2" }), /the disk is gone/);
  assert.throws(() => createAlias(broken, account, name, "next", { version: "2" }), /the disk is gone/);
  assert.deepEqual(
    [parts.store.aliases.all(tenant, name).map((alias) => [alias.name, alias.version]), parts.store.unsettled.all()],
    [[["prod", "1"]], []],
  );
  assert.deepEqual(found(parts), wanted(parts));
});

function killing(catalog: Catalog, when: "before" | "after", kill: () => void): Catalog {
  const around =
    <Args extends unknown[], Result>(work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      if (when === "before") kill();
      const result = work(...args);
      if (when === "after") kill();
      return result;
    };
  return {
    ...catalog,
    point: around((...args) => catalog.point(...args)),
    removeAlias: around((...args) => catalog.removeAlias(...args)),
    remove: around((...args) => catalog.remove(...args)),
  };
}
