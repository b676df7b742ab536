/**
 * A state folder written by the last Mayfly without tenants, revisions and ids, which is taken over at the first start. That Mayfly
 * deployed shop three times and pointed it back at the second; deployed constructor; deployed, called and removed gone; stored a secret and
 * a limit of later, which was never deployed; and ran the appliance notes for a while.
 */
import assert from "node:assert/strict";
import { chmodSync, cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { definitionsFile, openDefinitions } from "../src/appliances/definitions.ts";
import { isId, mainTenant } from "../src/base/ids/new-id.ts";
import { openSeal } from "../src/store/catalog/seal.ts";
import { openCatalog } from "../src/store/catalog/sqlite.ts";
import { openDatabase } from "../src/store/sqlite/open.ts";
import { createScope, projectDir, type Scope, startPlatform, temporaryFolder } from "./platform.ts";

const MONTH = "2026-11";
/** The number of migrations that the older Mayfly knew for each file. */
const KNOWN_BEFORE = { "catalog.db": 2, "ledger.db": 2, "appliances.db": 1 };
const settings = { driver: "process", blanks: 0 };

test("apps, revisions, secrets, limits, usage, logs and appliances are there, under their names", async (context) => {
  const dir = copyOfState(context);
  await checkAll(dir);
  await checkAll(dir);
  for (const file of readdirSync(join(dir, "logs")))
    assert.ok(isId("app", file.split(".")[0]!) || isId("appliance", file.split(".")[0]!), file);
});

test("if a start is killed after it has taken over only the catalog, the next start takes over the rest", async (context) => {
  const half = copyOfState(context);
  openCatalog(join(half, "catalog.db"), join(half, "secrets.key")).close();
  await checkAll(half);
});

test("the older Mayfly refuses each file that was taken over, instead of reading it wrongly", async (context) => {
  const taken = copyOfState(context);
  const scope = createScope();
  await startPlatform(scope, { ...settings, stateDir: taken });
  await scope.close();
  for (const [file, known] of Object.entries(KNOWN_BEFORE)) {
    const migrations = Array.from({ length: known }, () => "");
    assert.throws(
      () => openDatabase(join(taken, file), { durability: "normal", migrations }),
      (error: Error & { code?: string; cure?: string }) => error.code === "state-newer" && /newer/i.test(String(error.cure)),
      file,
    );
  }
});

async function checkAll(stateDir: string): Promise<void> {
  const scope = createScope();
  const platform = await startPlatform(scope, { ...settings, stateDir });
  const { client } = platform;
  try {
    assert.deepEqual(
      (await client.apps()).map(({ app }) => app),
      ["constructor", "shop"],
    );
    const shop = await client.app("shop");
    assert.deepEqual(
      shop.revisions.map(({ number, digest }) => [number, digest.slice(0, 12)]),
      [
        [3, "d0c3006bb520"],
        [2, "6e83af3fdc29"],
        [1, "d024ae3a39ac"],
      ],
    );
    assert.deepEqual(shop.aliases, [{ name: "live", targets: [{ revision: shop.revisions[1]!.id, number: 2, weight: 1 }] }]);
    assert.equal(shop.live?.manifest.env["EDITION"], "two");
    const reply = await platform.call("/shop/main");
    assert.equal(await reply.text(), "edition two of shop", "no machine is bound without its secret");
    assert.equal(await (await platform.call("/constructor/main")).text(), "edition one of constructor");
    assert.deepEqual([await client.secretNames("shop"), await client.secretNames("later")], [["API_KEY"], ["TOKEN"]]);
    const none = { spend: null, requests: null, cpuSeconds: null };
    assert.deepEqual((await client.allLimits()).apps, [
      { app: "gone", limits: { ...none, requests: 7 }, deployed: false },
      { app: "later", limits: { ...none, cpuSeconds: 60 }, deployed: false },
      { app: "shop", limits: { ...none, spend: 5, requests: 1_000 }, deployed: true },
    ]);
    const bill = await client.bill(MONTH);
    const figures = new Map(bill.apps.map((one) => [one.app, one]));
    assert.deepEqual([...figures.keys()], ["constructor", "gone", "notes", "shop"]);
    assert.ok(figures.get("notes")!.gbSeconds > 0.1);
    assert.equal(figures.get("gone")!.requests, 1);
    assert.ok(figures.get("shop")!.requests >= 2);
    assert.equal((await client.appBill("gone", MONTH)).bill.cost, figures.get("gone")!.cost);
    const old = (await client.logs({ app: "shop" })).filter(({ at }) => at < 1_795_878_300_000);
    assert.deepEqual(
      old.map(({ app, text }) => `${app}: ${text}`),
      Array.from({ length: 2 }, () => "shop: edition two of shop was called"),
    );
    assert.match((await client.logs({ app: "notes" }))[0]!.text, /^Machine notes-\S+ started\.$/);
    const [notes, ...others] = await client.appliances();
    assert.deepEqual([notes?.name, notes?.state, notes?.env, others.length], ["notes", "stopped", ["CUSTOMER"], 0]);
  } finally {
    await scope.close();
  }
  checkSealed(stateDir);
}

/** Checks for values that the API never returns. */
function checkSealed(stateDir: string): void {
  const key = join(stateDir, "secrets.key");
  const catalog = openCatalog(join(stateDir, "catalog.db"), key);
  const { names } = catalog;
  assert.deepEqual(catalog.secrets(names.known(mainTenant, "shop")!, ["API_KEY"]), { API_KEY: "before-revisions" });
  assert.deepEqual(catalog.secrets(names.known(mainTenant, "later")!, ["TOKEN"]), { TOKEN: "x" });
  const holder = names.holder(mainTenant, "notes");
  catalog.close();
  const definitions = openDefinitions(definitionsFile(stateDir), openSeal(key, false), () => assert.fail("it is taken over already"));
  const [notes] = definitions.all((_name, error) => assert.fail(String(error)));
  definitions.close();
  assert.deepEqual([holder?.kind, holder?.id, notes!.wanted], ["appliance", notes!.id, false]);
  assert.deepEqual(notes!.spec.env, { CUSTOMER: "Ada" });
}

function copyOfState(scope: Scope): string {
  const copy = join(temporaryFolder(scope), "state");
  cpSync(join(projectDir, "test/fixtures/state-before-revisions"), copy, { recursive: true });
  // A checkout makes files readable for everybody, about which the server would warn.
  for (const file of readdirSync(copy)) chmodSync(join(copy, file), file === "logs" ? 0o700 : 0o600);
  return copy;
}
