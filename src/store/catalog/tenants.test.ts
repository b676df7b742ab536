import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { mainTenant } from "../../base/ids/new-id.ts";
import { bundlesOf, CatalogInFolder, codeOf, manifestOf, texts } from "./testing/open-catalog.ts";

const OTHER = "ten_other";
let files: CatalogInFolder;

beforeEach(() => {
  files = new CatalogInFolder();
  files.sql(`INSERT INTO tenants VALUES ('${OTHER}', 'other')`);
});
afterEach(() => files.close());

test("two tenants have apps of the same name, and share nothing", async () => {
  const { catalog } = files;
  const mine = await files.deploy("shop", "mine");
  const { revision: theirs } = await catalog.deploy(OTHER, manifestOf("shop"), codeOf("theirs"));
  assert.notEqual(mine.app, theirs.app);
  assert.deepEqual([mine.tenant, theirs.tenant, mine.number, theirs.number], [mainTenant, OTHER, 1, 1]);
  catalog.setSecret(mine.app, "KEY", "mine");
  catalog.setSecret(theirs.app, "KEY", "theirs");
  assert.deepEqual([catalog.secrets(mine.app, ["KEY"]), catalog.secrets(theirs.app, ["KEY"])], [{ KEY: "mine" }, { KEY: "theirs" }]);
  assert.throws(() => catalog.point(mine.app, "live", [{ revision: theirs.id, weight: 1 }]), { code: "no-such-version" });
  assert.throws(() => catalog.point(mine.app, "live", [{ revision: theirs.digest, weight: 1 }]), { code: "no-such-version" });
  for (const [tenant, app] of [
    [mainTenant, mine.app],
    [OTHER, theirs.app],
  ] as const) {
    assert.deepEqual(
      catalog.page(tenant, "", 10).map(({ id }) => id),
      [app],
    );
    assert.deepEqual([catalog.deployed(tenant), catalog.app(tenant, "shop")?.id, catalog.names.known(tenant, "shop")], [[app], app, app]);
    assert.deepEqual([catalog.names.nameOf(app)?.tenant, catalog.names.holderOfHost(tenant, "SHOP")?.id], [tenant, app]);
  }
  catalog.remove(mine.app);
  assert.deepEqual([catalog.live(theirs.app)[0]?.revision, catalog.count()], [theirs, 1]);
  assert.deepEqual(texts(await bundlesOf(catalog, theirs.id)), ["theirs"]);
  assert.deepEqual(catalog.secrets(theirs.app, ["KEY"]), { KEY: "theirs" });
});

test("code that two tenants have is stored once, and stays while one of them has it", async () => {
  const { catalog } = files;
  const mine = await files.deploy("shop", "the same");
  const { revision: theirs } = await catalog.deploy(OTHER, manifestOf("shop"), codeOf("the same"));
  assert.notEqual(mine.id, theirs.id);
  assert.equal(files.count("code"), 1);
  catalog.remove(mine.app);
  await catalog.settled();
  assert.deepEqual(texts(await bundlesOf(catalog, theirs.id)), ["the same"]);
});

test("an appliance and an app of one tenant cannot have the same name, or names that differ in capitals only", async () => {
  const { names } = files.catalog;
  const notes = names.claimForAppliance(mainTenant, "Notes");
  for (const name of ["Notes", "notes"]) await assert.rejects(files.deploy(name, "1"), { code: "name-taken" });
  await files.catalog.deploy(OTHER, manifestOf("notes"), codeOf("1"));
  await files.deploy("shop", "1");
  assert.throws(() => names.claimForAppliance(mainTenant, "SHOP"), {
    code: "name-taken",
    message: /SHOP is taken by an app shop, whose name differs in capitals only/,
    cure: "Choose another name, or remove the app shop.",
  });
  names.release(notes);
  await files.deploy("notes", "1");
  assert.equal(names.holder(mainTenant, "Notes"), undefined, "capitals count");
  assert.equal(names.holder(mainTenant, "notes")?.kind, "app");
  assert.equal(names.nameOf(notes)?.name, "Notes", "an id keeps its name: bills stand under it");
});

test("names may be those that AWS Lambda allows, and those of the properties of JavaScript's prototypes", async () => {
  for (const name of ["__proto__", "constructor", "toString", "_", "-", "9", "A-b_C", "x".repeat(64)]) {
    const revision = await files.deploy(name, "1");
    assert.deepEqual([files.live(name)?.id, files.catalog.app(mainTenant, name)?.name], [revision.id, name]);
  }
  for (const name of ["", "x".repeat(65), "a.b", "a b", "ä", "_mayfly"]) assert.throws(() => manifestOf(name), name);
});
