/** Apps of two tenants that have the same name, on one server: each URL leads to one of them, and they share nothing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { json } from "node:stream/consumers";
import { test } from "node:test";
import { mainTenant } from "../src/base/ids/new-id.ts";
import type { Bundle } from "../src/store/catalog/catalog.ts";
import { manifestSchema } from "../src/store/catalog/manifest.ts";
import { openCatalog } from "../src/store/catalog/sqlite.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { type Scope, startPlatform, temporaryFolder } from "./platform.ts";

const code = `let calls = 0;
exports.handler = async (event, context) => {
  console.log("a call of " + process.env.TENANT);
  return { tenant: process.env.TENANT, secret: process.env.KEY, calls: ++calls, name: context.functionName, path: event.rawPath };
};`;
/** Names that JavaScript's objects inherit must work like all other names. */
const functionNames = ["Cart", "constructor", "__proto__"];

test("apps of the same name of two tenants are called by path and by host, and share nothing", async (context) => {
  const platform = await startPlatform(context, {
    driver: "process",
    blanks: 0,
    domain: "fn.test",
    stateDir: await stateOfTwoTenants(context),
  });
  const { gatewayUrl } = platform.running;
  const replyOf = async (path: string, host?: string) => (await ask(gatewayUrl, path, host)).body as Record<string, unknown>;
  let calls = { main: 0, Acme: 0 };
  for (const name of functionNames) {
    const lower = name.toLowerCase();
    for (const tenant of ["main", "Acme"] as const) {
      const [path, host] =
        tenant === "main" ? [`/shop/${name}`, `${lower}.shop.fn.test`] : [`/@Acme/shop/${name}`, `${lower}.shop.acme.fn.test`];
      calls = { main: 0, Acme: 0 };
      const expected = () => ({ tenant, secret: `${tenant}'s`, calls: ++calls[tenant], name });
      assert.deepEqual(await replyOf(`${path}/a`), { ...expected(), path: "/a" });
      assert.deepEqual(await replyOf("/a/b", host), { ...expected(), path: "/a/b" });
      assert.deepEqual(await replyOf("/", `${host.toUpperCase()}.:80`), { ...expected(), path: "/" });
    }
  }

  const unknown = await ask(gatewayUrl, "/none/Cart");
  for (const path of ["/@none/shop/Cart", "/@acme/shop/Cart", "/@main/shop/Cart", "/%40Acme/shop/Cart", "/@/shop/Cart", "/@Acme//Cart"]) {
    const { status, body } = await ask(gatewayUrl, path);
    assert.deepEqual([status, body], [404, JSON.parse(JSON.stringify(unknown.body).replace("/none/Cart", path))], path);
  }

  await platform.logged("shop", /a call of main/);
  assert.doesNotMatch(JSON.stringify(await platform.client.logs({ app: "shop", tail: 1_000 })), /a call of Acme/);
  assert.equal((await platform.client.apps()).length, 1, "the API shows the apps of main");
  await platform.client.removeApp("shop");
  assert.equal((await ask(gatewayUrl, "/shop/Cart")).status, 404);
  assert.deepEqual(await replyOf("/@Acme/shop/Cart"), { tenant: "Acme", secret: "Acme's", calls: 4, name: "Cart", path: "/" });
});

test("a tenant's limits and its principals' rights count for calls of its functions, and for nobody else's", async (context) => {
  const platform = await startPlatform(context, { driver: "process", blanks: 0 });
  const { client, running } = platform;
  const call = (path: string, init?: RequestInit) => platform.call(path, init);
  await client.createTenant("acme");
  await client.limitTenant("acme", { machines: 1 });
  const clientOf = (tenant: string) => createClient({ url: running.apiUrl, token: running.token, tenant });
  const slow = "exports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 300)); return 'done'; };";
  const deploy = async (tenant: string, name: string, more: object = {}) =>
    clientOf(tenant).deploy(manifestSchema.parse({ name, functions: { main: { entry: "index.js" } }, concurrency: 1, ...more }), [
      { function: "main", format: "cjs", code: Buffer.from(slow) },
    ]);
  for (const tenant of ["acme", "main"]) for (const app of ["one", "two"]) await deploy(tenant, app);
  const paths = ["/@acme/one", "/@acme/two", "/@acme/one", "/@acme/two", "/one", "/two"];
  const calls = { areOver: false };
  const all = Promise.all(paths.map(async (path) => (await call(path)).status)).finally(() => (calls.areOver = true));
  let most = 0;
  while (!calls.areOver) most = Math.max(most, (await clientOf("acme").machines()).length);
  assert.deepEqual(
    await all,
    Array.from({ length: 6 }, () => 200),
  );
  assert.ok(most <= 1, `${most} machines at the same time`);
  const decisions = async (tenant: string) =>
    JSON.stringify([await clientOf(tenant).explain("one"), await clientOf(tenant).explain("two")]);
  assert.match(await decisions("acme"), /"kind":"tenant-full"/);
  assert.doesNotMatch(await decisions("main"), /"kind":"tenant-full"/);

  await client.limitTenant("acme", { machines: null, requestsPerSecond: 0.001 });
  assert.equal((await call("/@acme/one")).status, 200);
  const refused = await call("/@acme/two");
  assert.partialDeepStrictEqual([refused.status, await refused.json()], [429, { error: { code: "tenant-limit-reached" } }]);
  assert.ok(Number(refused.headers.get("retry-after")) > 100);
  assert.equal((await call("/two")).status, 200);

  await client.limitTenant("acme", { requestsPerSecond: null });
  await client.createTenant("other");
  await deploy("acme", "closed", { access: "token" });
  const token = async (tenant: string, role: "invoker" | "reader" | "deployer", apps: string[] | null = null) =>
    clientOf(tenant).createToken({ principal: `${role}-${apps?.join("-") ?? "all"}`, role, apps });
  const statusWith = async (given: string) => (await call("/@acme/closed", { headers: { authorization: `Bearer ${given}` } })).status;
  const invoker = await token("acme", "invoker", ["closed"]);
  assert.equal(await statusWith(invoker.token), 200);
  assert.equal(await statusWith((await token("acme", "deployer")).token), 200);
  for (const wrong of [await token("acme", "invoker", ["one"]), await token("acme", "reader"), await token("other", "invoker")])
    assert.equal(await statusWith(wrong.token), 403, wrong.principal);
  await client.revokeToken(invoker.id);
  assert.equal(await statusWith(invoker.token), 401);
});

/** `mayfly tenant create` makes no tenant with a capital in its name, but there may be one: so the catalog's file is written before the server starts. */
async function stateOfTwoTenants(scope: Scope): Promise<string> {
  const dir = temporaryFolder(scope);
  const file = join(dir, "catalog.db");
  const catalog = openCatalog(file, join(dir, "secrets.key"));
  const db = new DatabaseSync(file);
  db.exec("INSERT INTO tenants VALUES ('ten_acme', 'Acme')");
  db.close();
  const bundles = functionNames.map((name): Bundle => ({ function: name, format: "cjs", code: Buffer.from(code) }));
  for (const [id, tenant] of [
    [mainTenant, "main"],
    ["ten_acme", "Acme"],
  ] as const) {
    const functions = JSON.parse(`{${functionNames.map((name) => `"${name}":{"entry":"index.js"}`).join()}}`) as unknown;
    const manifest = manifestSchema.parse({ name: "shop", functions, env: { TENANT: tenant }, secrets: ["KEY"] });
    catalog.setSecret(catalog.names.appId(id, "shop"), "KEY", `${tenant}'s`);
    await catalog.deploy(id, manifest, bundles);
  }
  catalog.close();
  return dir;
}

/** @param host sent over node:http, because fetch() would set its own */
async function ask(url: string, path: string, host = "127.0.0.1"): Promise<{ status: number | undefined; body: unknown }> {
  const [response] = (await once(request(url + path, { headers: { host } }).end(), "response")) as [IncomingMessage];
  return { status: response.statusCode, body: await json(response) };
}
