/** Functions that keep things in key-value stores, on machines without a network. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { mayfly } from "./command.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { createScope, deploy, eventually, type Platform, startPlatform, temporaryFolder } from "./platform.ts";

describe("key-value stores of an app", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process" });
    await deploy(platform.client, "test/apps/kv", {});
  });
  after(() => scope.close());

  const post = async <T = never>(path: string, value: unknown): Promise<T> => {
    const response = await platform.call(path, { method: "POST", body: JSON.stringify(value) });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as T;
  };
  const on = (calls: unknown[][], store = "KV"): Promise<unknown[]> => post("/kv/cloudflare", { on: store, calls });
  const plain = (
    path: string,
    more: object = {},
    app = "kv",
  ): Promise<{ status: number; headers: Record<string, string>; body: string; failed?: string }> =>
    post(`/${app}/plain`, { path, ...more });

  test("are env.KV in the shape that Cloudflare's users know", async () => {
    const later = Math.floor(Date.now() / 1_000) + 1_000;
    const results = await on([
      ["get", "a/1"],
      ["put", "a/1", '{"x":"ä"}', { expiration: later, metadata: { who: "ö" } }],
      ["put", "a/2 %?#", "two"],
      ["get", "a/1"],
      ["get", "a/1", "json"],
      ["get", "a/1", { type: "json", cacheTtl: 60 }],
      ["getWithMetadata", "a/1", "json"],
      ["getWithMetadata", "none"],
      ["get", ["a/2 %?#", "none"]],
      ["list", { prefix: "a/", limit: 1 }],
      ["delete", "a/2 %?#"],
      ["list"],
    ]);
    const first = { name: "a/1", expiration: later, metadata: { who: "ö" }, version: 1, bytes: 10 };
    assert.deepEqual(results, [
      null,
      { version: 1 },
      { version: 2 },
      '{"x":"ä"}',
      { x: "ä" },
      { x: "ä" },
      { value: { x: "ä" }, metadata: { who: "ö" }, cacheStatus: null, version: 1 },
      { value: null, metadata: null, cacheStatus: null, version: null },
      [
        ["a/2 %?#", "two"],
        ["none", null],
      ],
      { keys: [first], list_complete: false, cursor: Buffer.from("a/1").toString("base64url"), cacheStatus: null },
      null,
      { keys: [first], list_complete: true, cacheStatus: null },
    ]);
    assert.deepEqual(await on([["get", "a/1"]], "OTHER"), [null]);
  });

  test("make writes by version, counters and batches, whose errors have codes", async () => {
    const [made, again, one, two, batch, missing, wrong, ttl] = await on([
      ["put", "cas", "1", { ifVersion: 0 }],
      ["put", "cas", "2", { ifVersion: 0 }],
      ["increment", "count", 5],
      ["increment", "count"],
      ["batch", [{ put: "b", value: "x" }, { increment: "count" }, { delete: "cas" }]],
      ["batch", [{ put: "c", value: "x" }, { increment: "b" }]],
      ["put", "", "x"],
      ["put", "d", "x", { expirationTtl: 0 }],
    ]);
    assert.equal(typeof (made as { version: number }).version, "number");
    assert.deepEqual([again, one, two], ["kv-conflict", 5, 6]);
    assert.deepEqual(
      (batch as { value?: number }[]).map(({ value }) => value),
      [undefined, 7, undefined],
    );
    assert.deepEqual([missing, wrong, ttl], ["kv-no-number", "TypeError", "bad-request"]);
    assert.deepEqual(
      await on([
        ["get", "c"],
        ["get", "cas"],
      ]),
      [null, null],
    );
  });

  test("are reached by Lambda's style, by Python and by plain HTTP, which have their address", async () => {
    assert.deepEqual(await post("/kv/lambda", {}), { count: 1, url: "http://kv.services.mayfly.internal/v1/main" });
    const reply = await platform.call("/kv/snake");
    assert.match(await reply.text(), /^\["written by Python", "\\"\d+\\""\]$/);
    const { status, headers, body } = await plain("/v1/main/values/from-python");
    assert.deepEqual([status, headers["content-type"], body], [200, "application/octet-stream", "written by Python"]);
    const put = await plain("/v1/main/values/x", { method: "PUT", body: "y", headers: { "if-none-match": "*" } });
    assert.equal(put.status, 204);
    assert.equal((await plain("/v1/main/values/x", { method: "PUT", body: "z", headers: { "if-none-match": "*" } })).status, 412);
    assert.equal(
      (await plain("/v1/main/values/x", { method: "PUT", body: "z", headers: { "if-match": put.headers["etag"] } })).status,
      204,
    );
  });

  test("are the app's own: another app reaches neither them nor a store that no binding names", async () => {
    await deploy(platform.client, "test/apps/kv", { name: "thief" });
    await on([["put", "secret", "s"]]);
    assert.deepEqual(await post("/thief/cloudflare", { calls: [["get", "secret"]] }), [null]);
    for (const name of ["unbound", "main%2f..%2fx", "__proto__"]) {
      const { status, body } = await plain(`/v1/${name}/values/secret`);
      assert.deepEqual([status, (JSON.parse(body) as { error: { code: string } }).error.code], [404, "no-such-kv"]);
    }
    for (const path of ["/", "/v1", "/v1/main/nothing", "/v1/main/values/%zz", "/v1/main/values/a?expiration=x", "/v1/main/keys?limit=0"]) {
      const { status, body } = await plain(path, { method: path.includes("expiration") ? "PUT" : "GET" });
      assert.deepEqual([status, (JSON.parse(body) as { error: { code: string } }).error.code], [400, "bad-request"], path);
    }
    const { failed } = await plain("/v1/main/values/a", { host: "none.services.mayfly.internal" });
    assert.match(failed!, /ENOTFOUND/);
  });

  test("are shared with an app of the tenant that the owner's live revision names, for reading or for writing, until another one does not", async () => {
    const bindings = { KV: { kv: "main", of: "kv" } };
    await deploy(platform.client, "test/apps/kv", { name: "reader", bindings });
    await on([["put", "mine", "s"]]);
    const tries = [
      ["get", "mine"],
      ["put", "theirs", "x"],
      ["list", { limit: 1 }],
      ["increment", "n"],
    ];
    const outcomes = async (): Promise<unknown[]> =>
      (await post<unknown[]>("/reader/cloudflare", { calls: tries })).map((each) => (typeof each === "object" ? "done" : each));
    const none = "kv-not-shared";
    assert.deepEqual(await outcomes(), [none, none, none, none]);
    const share = async (...shares: { kv: string; with: string; access: "read" | "write" }[]) =>
      deploy(platform.client, "test/apps/kv", { shares });
    await share({ kv: "main", with: "reader", access: "read" }, { kv: "main", with: "thief", access: "write" });
    assert.deepEqual(await outcomes(), ["s", none, "done", none]);
    await share({ kv: "main", with: "reader", access: "write" });
    assert.deepEqual(await outcomes(), ["s", "done", "done", 1]);
    assert.deepEqual(await on([["get", "theirs"]]), ["x"]);
    await share({ kv: "other", with: "reader", access: "write" });
    assert.deepEqual(await outcomes(), [none, none, none, none]);
    assert.match((await plain("/v1/kv:main/values/mine", {}, "reader")).body, /"kv-not-shared"/);
    assert.match((await plain("/v1/main/values/mine", {}, "reader")).body, /"no-such-kv"/);
    await deploy(platform.client, "test/apps/kv", {});
  });

  test("keep values of 25 MiB and refuse larger ones", async () => {
    const size = 25 * 2 ** 20;
    assert.equal((await plain("/v1/main/values/large", { method: "PUT", size })).status, 204);
    assert.equal((await plain("/v1/main/values/large", { method: "HEAD" })).headers["content-length"], String(size));
    assert.equal((await plain("/v1/main/values/large", { method: "PUT", size: size + 1 })).status, 413);
    await on([["delete", "large"]]);
  });

  test("are seen and changed from outside by mayfly kv", async () => {
    const kv = async (...args: string[]) => {
      const { code, stdout, stderr } = await mayfly(["kv", ...args, "--state", platform.stateDir]);
      return code === 0 ? stdout : `${code} ${stderr}`;
    };
    assert.match(
      await kv("put", "kv", "other", "user/7", "Ada", "--ttl", "1000", "--metadata", '{"a":1}'),
      /^Put 3 bytes, as version \d+\.\n$/,
    );
    assert.deepEqual(await on([["get", "user/7"]], "OTHER"), ["Ada"]);
    assert.match(await kv("put", "kv", "other", "user/7", "Eve", "--if-version", "0"), /^\d (.|\n)*kv-conflict/);
    assert.equal(await kv("get", "kv", "other", "user/7"), "Ada");
    assert.match(await kv("list", "kv", "other", "--prefix", "user/"), /user\/7 +3 +\d+ +20.* +\{"a":1\}/);
    assert.match(await kv("list", "kv"), /main +\d+ +\d+\nother +1 +\d+/);
    assert.equal(await kv("delete", "kv", "other", "user/7"), "The key is removed.\n");
    assert.match(await kv("get", "kv", "other", "user/7"), /^\d (.|\n)*no-such-key/);
    const mistyped = await mayfly(["kv", "list", "kv", "mian", "--state", platform.stateDir]);
    assert.match(mistyped.stderr, /note: kv has no store mian; it has main/);
    const large = join(temporaryFolder(scope), "large");
    writeFileSync(large, Buffer.alloc(1_500_000, "ö"));
    assert.match(await kv("put", "kv", "short", "large", "--file", large), /^Put 1500000 bytes/);
    assert.equal(await kv("get", "kv", "short", "large"), "ö".repeat(750_000));
    writeFileSync(large, Buffer.alloc(1_000_000, 255));
    assert.match(await kv("put", "kv", "short", "large", "--file", large), /^Put 1000000 bytes/);
    assert.equal(JSON.parse(await kv("get", "kv", "short", "large", "--json")).base64, true);
    writeFileSync(large, Buffer.alloc(1_900_000, 255));
    assert.match(await kv("put", "kv", "short", "large", "--file", large), /over the limit of 2097152 bytes/);
    await kv("put", "kv", "short", "a", "b");
    assert.match(await kv("delete", "kv", "short", "--all"), /^\d (.|\n)*add --yes/);
    assert.equal(await kv("delete", "kv", "short", "--all", "--yes"), "The store short is removed.\n");
  });

  test("are on the bill of their app", async () => {
    const { bill } = await platform.client.appBill("kv");
    const line = (what: string) => bill.lines.find((each) => each.what === what)!;
    assert.ok(line("reads").quantity > 10 && line("writes").quantity > 10);
    assert.equal(line("writes").cost, line("writes").quantity * line("writes").price);
    assert.ok(Math.abs(bill.lines.reduce((sum, { cost }) => sum + cost, 0) - bill.cost) < 1e-9);
    const { stdout } = await mayfly(["bill", "kv", "--state", platform.stateDir]);
    assert.match(stdout, /writes of services +\d+/);
  });

  test("are gone with their tenant, which may keep no more than its limit", async () => {
    await platform.client.createTenant("acme");
    const acme = createClient({ url: platform.running.apiUrl, token: platform.running.token, tenant: "acme" });
    await deploy(acme, "test/apps/kv", {});
    await platform.client.limitTenant("acme", { kvMb: 1 });
    const put = async (key: string) => acme.putKeyValue("kv", "main", key, { value: "v".repeat(150_000), base64: false });
    for (let count = 0; count < 6; count++) await put(String(count));
    await assert.rejects(put("7"), { code: "kv-full" });
    await platform.client.removeTenant("acme", true);
    const db = new DatabaseSync(join(platform.stateDir, "kv.db"), { readOnly: true });
    try {
      await eventually(
        "the tenant's entries to be gone",
        () => Number(db.prepare("SELECT count(*) AS n FROM stores LEFT JOIN entries USING (store) WHERE tenant <> 'ten_main'").get()!["n"]),
        (count) => count === 0,
      );
    } finally {
      db.close();
    }
  });

  test("are gone with their app", async () => {
    await on([["put", "stays", "x"]], "OTHER");
    await platform.client.removeApp("kv");
    await deploy(platform.client, "test/apps/kv", {});
    assert.deepEqual(await on([["get", "stays"]], "OTHER"), [null]);
  });
});
