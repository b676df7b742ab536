/** Apps whose functions are deployed one by one. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { Deployed } from "./catalog.ts";
import { bundlesOf, CatalogInFolder, codeOf, manifestOf, texts } from "./testing/open-catalog.ts";

let files: CatalogInFolder;

beforeEach(() => {
  files = new CatalogInFolder();
});
afterEach(() => files.close());

function deploy(name: string, code: string, more: object = {}): Promise<Deployed> {
  const manifest = manifestOf("shop", { functions: { [name]: { entry: "index.js" } }, runtime: "node", memoryMb: 128, ...more });
  const bundle = { function: name, format: "cjs" as const, code: Buffer.from(code) };
  return files.catalog.deploy(mainTenant, manifest, [bundle], undefined, undefined, { kind: "member" });
}

const members = () => files.live("shop")?.members ?? new Map<string, string>();
const functions = () => Object.keys(files.live("shop")!.manifest.functions);
const codeOfMember = async (name: string) => texts(await bundlesOf(files.catalog, members().get(name)!));

test("each deploy changes its own function, and what is live has all of them", async () => {
  const cart = await deploy("cart", "cart 1", { timeoutMs: 1_000 });
  const pay = await deploy("pay", "pay 1", { memoryMb: 512, runtime: "node", timeoutMs: 2_000 });
  assert.deepEqual([functions(), members().get("cart"), members().get("pay")], [["cart", "pay"], cart.member!.id, pay.member!.id]);
  const next = await deploy("cart", "cart 2");
  files.reopen();
  assert.deepEqual([functions(), members().get("cart"), members().get("pay")], [["cart", "pay"], next.member!.id, pay.member!.id]);
  assert.deepEqual([await codeOfMember("cart"), await codeOfMember("pay")], [["cart 2"], ["pay 1"]]);
  const { manifest } = files.live("shop")!;
  assert.deepEqual([manifest.functions["pay"]!.timeoutMs, manifest.memoryMb], [2_000, 512]);
  assert.equal((await deploy("cart", "cart 2")).moved, false, "the same again changes nothing");
  assert.deepEqual(
    files.catalog.app(mainTenant, "shop")!.revisions.map((each) => [each.number, each.function, each.runtimes]),
    [
      [6, undefined, ["node"]],
      [5, "cart", ["node"]],
      [4, undefined, ["node"]],
      [3, "pay", ["node"]],
      [2, undefined, ["node"]],
      [1, "cart", ["node"]],
    ],
  );
});

test("functions that are deployed at the same time lose nothing of each other", async () => {
  const names = Array.from({ length: 20 }, (_, at) => `f${String(at).padStart(2, "0")}`);
  await Promise.all(names.map((name) => deploy(name, `of ${name}`)));
  assert.deepEqual(functions(), names);
  for (const name of names) assert.deepEqual(await codeOfMember(name), [`of ${name}`]);
});

test("a function keeps its code however often another one is deployed, and what nobody needs any more is removed", async () => {
  await deploy("pay", "pay 1");
  for (let at = 0; at < 30; at++) await deploy("cart", `cart ${at}`);
  assert.deepEqual(await codeOfMember("pay"), ["pay 1"]);
  assert.ok(files.numbers("shop").length <= 18, `${files.numbers("shop").length} revisions: ten, and those of which they are put together`);
});

test("the kinds of machines of all functions are in use, and their members count as live", async () => {
  await deploy("cart", "cart", { memoryMb: 256 });
  const { member } = await deploy("pay", "pay", { memoryMb: 512 });
  assert.deepEqual(
    files.catalog
      .kinds()
      .map(({ memoryMb }) => memoryMb)
      .toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    [256, 512],
  );
  assert.equal(files.catalog.isLive(member!.id), true);
  await deploy("pay", "pay 2");
  assert.equal(files.catalog.isLive(member!.id), false);
});

test("a function is taken out, with its aliases; the last one stays", async () => {
  await deploy("cart", "cart");
  const { member } = await deploy("pay", "pay");
  const app = files.id("shop");
  files.catalog.point(app, "pay-1", [{ revision: member!.id, weight: 1 }]);
  files.catalog.withdraw(app, "pay", ["pay-1"]);
  assert.deepEqual([functions(), files.catalog.app(mainTenant, "shop")!.aliases.map(({ name }) => name)], [["cart"], ["live"]]);
  const before = files.live("shop")!.id;
  files.catalog.withdraw(app, "cart", []);
  files.catalog.withdraw(app, "none", []);
  assert.equal(files.live("shop")!.id, before);
});

test("an app is deployed one by one or as a whole, and the other way is refused", async () => {
  await deploy("cart", "cart");
  await assert.rejects(files.deploy("shop", "whole"), { code: "bad-request", message: /deployed one by one/ });
  assert.deepEqual(functions(), ["cart"]);
  files.catalog.remove(files.id("shop"));
  await files.deploy("shop", codeOf("whole"));
  await assert.rejects(deploy("cart", "cart"), { code: "bad-request", message: /was deployed as a whole/ });
});

test("a damaged list of members makes the app's problem known, and keeps no other app from being read", async () => {
  await deploy("cart", "cart");
  await files.deploy("other", "fine");
  files.catalog.close();
  files.damage("UPDATE revisions SET members = '[[1]]' WHERE members IS NOT NULL");
  files.catalog = files.open();
  assert.match(files.catalog.app(mainTenant, "shop")!.problem!, /does not say which revisions it is put together of/);
  assert.equal(files.catalog.app(mainTenant, "other")!.problem, null);
});
