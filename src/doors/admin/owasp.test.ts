/**
 * The OWASP API Security Top 10 of 2023, with a test for each entry that applies to the management API: https://owasp.org/API-Security/editions/2023/en/0x11-t10/
 * API10 (unsafe consumption of APIs) has none: the management API calls no other one.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { LogLevel } from "../../wire/protocol.ts";
import { createClient } from "./client.ts";
import { TENANT_HEADER } from "./scope.ts";
import { bundle, manifest } from "./testing/serve-api.ts";
import { type HostileTenants, serveTwoTenants } from "./testing/hostile-tenants.ts";

let served: HostileTenants;
before(async () => {
  served = await serveTwoTenants();
});
after(() => served.close());

const clientOf = (kind: keyof HostileTenants["tokens"], tenant?: string) =>
  createClient({ url: served.server.url, token: served.tokens[kind], tenant });

async function post(path: string, token: string, body: object): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(served.server.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

describe("API1 broken object level authorization", () => {
  test("an id of another tenant's token, key or revision is worth nothing", async () => {
    const theirs = clientOf("admin of other");
    const token = await theirs.createToken({ principal: "bob", role: "reader" });
    const key = await theirs.createKey({ principal: "bob", role: "reader" });
    const revision = (await theirs.app("theirs")).revisions[0]!;
    const mine = clientOf("admin");
    await assert.rejects(mine.revokeToken(token.id), { code: "no-such-credential" });
    await assert.rejects(mine.revokeKey(key.id), { code: "no-such-credential" });
    for (const id of [revision.id, revision.digest])
      await assert.rejects(mine.point("shop", "live", [{ revision: id }]), { code: "no-such-version" });
    assert.equal((await createClient({ url: served.server.url, token: token.token }).principal()).principal, "bob");
    assert.equal((await theirs.keys()).length, 1);
  });
});

describe("API2 broken authentication", () => {
  test("a token counts in its header alone, whole, and only as long as it is one", async () => {
    const { server, tokens } = served;
    for (const authorization of [
      `Bearer ${tokens.admin.slice(0, -1)}`,
      `Bearer ${tokens.admin}x`,
      `Basic ${tokens.admin}`,
      tokens.admin,
      "Bearer",
    ])
      assert.equal((await fetch(`${server.url}/v1/apps`, { headers: { authorization } })).status, 401, authorization);
    assert.equal((await fetch(`${server.url}/v1/apps?token=${tokens.admin}`)).status, 401);
    const { id, token } = await clientOf("admin").createToken({ principal: "short", role: "reader" });
    const client = createClient({ url: server.url, token });
    await client.apps();
    await clientOf("admin").revokeToken(id);
    await assert.rejects(client.apps(), { code: "unauthorized" });
  });

  test("a principal that is bounded to apps learns so from a deploy of another one, and not whether that exists", async () => {
    const theirs = clientOf("deployer of shop");
    const refusalOf = async (name: string) => {
      const error = await theirs.deploy(manifest({ name }), [bundle("main", "cjs", "1")]).then(
        () => assert.fail(`${name} was deployed`),
        (thrown: unknown) => thrown as { code: string; message: string },
      );
      return [error.code, error.message];
    };
    const [code, message] = await refusalOf("nowhere");
    assert.equal(code, "forbidden");
    assert.match(message!, /it is for shop alone/);
    for (const { app } of await clientOf("admin").apps()) if (app !== "shop") assert.deepEqual(await refusalOf(app), [code, message]);
    await assert.rejects(theirs.setSecret("nowhere", "KEY", "x"), { code: "forbidden" });
    await assert.rejects(theirs.app("nowhere"), { code: "no-such-app" });
  });

  test("whoever follows a log is cut off soon after the token was revoked", async () => {
    const { id, token } = await clientOf("admin").createToken({ principal: "follower", role: "reader" });
    const shop = served.catalog.names.known(served.acme, "shop")!;
    served.logs.append({ at: 1, app: shop, level: LogLevel.Info, text: "hello" });
    const followed = createClient({ url: served.server.url, token }).followLogs({ app: "shop" });
    assert.equal((await followed.next()).value?.text, "hello");
    await clientOf("admin").revokeToken(id);
    assert.deepEqual(await followed.next(), { done: true, value: undefined });
  });
});

describe("API3 broken object property level authorization", () => {
  test("nobody sets what the form does not have, such as a tenant or an id", async () => {
    for (const extra of [
      { tenant: "other" },
      { id: "tok_1" },
      { token: "mine" },
      { lastUsedAt: 1 },
      { __proto__: null, constructor: {} },
    ]) {
      const { status } = await post("/v1/tokens", served.tokens.admin, { principal: "eve", role: "reader", ...extra });
      assert.equal(status, 400, JSON.stringify(extra));
    }
    const { status } = await post("/v1/tenants", served.tokens.operator, { name: "third", limits: { spend: 1 }, id: "ten_main" });
    assert.equal(status, 400);
  });

  test("no reply has a token, a secret or a secret's digest, but that of its making", async () => {
    const admin = clientOf("admin");
    const { token } = await admin.createToken({ principal: "once", role: "reader" });
    const { secret } = await admin.createKey({ principal: "once", role: "reader" });
    await admin.setSecret("shop", "KEY", "hunter2hunter2");
    const all = JSON.stringify([
      await admin.tokens(),
      await admin.keys(),
      await admin.secretNames("shop"),
      await admin.app("shop"),
      await admin.audit({ tail: 1_000 }),
    ]);
    for (const hidden of [token, secret, "hunter2hunter2"]) assert.ok(!all.includes(hidden));
    assert.doesNotMatch(all, /digest":"[\w-]{43}"/);
  });
});

describe("API4 unrestricted resource consumption", () => {
  test("bodies, pages and tails are bounded", async () => {
    const { server, tokens } = served;
    const headers = { authorization: `Bearer ${tokens.admin}` };
    for (const path of ["/v1/apps?limit=201", "/v1/apps/shop/logs?tail=10001", "/v1/audit?tail=10001"])
      assert.equal((await fetch(server.url + path, { headers })).status, 400, path);
    const { status } = await post("/v1/tokens", tokens.admin, { principal: "x".repeat(300_000), role: "reader" });
    assert.equal(status, 400);
    const apps = Array.from({ length: 101 }, (_, at) => `a${at}`);
    assert.equal((await post("/v1/tokens", tokens.admin, { principal: "p", role: "reader", apps })).status, 400);
  });
});

test("a tenant has a bounded number of followers of logs, and takes no place from others", async (context) => {
  const over = new AbortController();
  afterwards(context, () => over.abort());
  const follow = async (kind: keyof HostileTenants["tokens"], app: string) => {
    const headers = { authorization: `Bearer ${served.tokens[kind]}` };
    return (await fetch(`${served.server.url}/v1/apps/${app}/logs/follow?tail=0`, { headers, signal: over.signal })).status;
  };
  for (let at = 0; at < 100; at++) assert.equal(await follow(at % 2 === 0 ? "reader" : "admin", "shop"), 200);
  assert.equal(await follow("deployer", "hidden"), 503);
  assert.equal(await follow("admin of other", "theirs"), 200);
});

describe("API5 broken function level authorization", () => {
  test("nobody gives a principal more than they have, or makes one of another tenant or of the whole server", async () => {
    const admin = clientOf("admin");
    await assert.rejects(admin.createToken({ principal: "eve", role: "operator" }), { code: "forbidden" });
    await assert.rejects(admin.createKey({ principal: "eve", role: "operator" }), { code: "forbidden" });
    await assert.rejects(admin.createToken({ principal: "eve", role: "reader", allTenants: true }), { code: "forbidden" });
    await assert.rejects(clientOf("admin", "other").createToken({ principal: "eve", role: "reader" }), { code: "no-such-tenant" });
    await assert.rejects(clientOf("deployer").createToken({ principal: "eve", role: "reader" }), { code: "forbidden" });
    for (const method of ["put", "PATCH", "trace"])
      assert.ok(
        (
          await fetch(`${served.server.url}/v1/tokens`, {
            method: method === "trace" ? "OPTIONS" : method,
            headers: { authorization: `Bearer ${served.tokens.operator}` },
          })
        ).status >= 400,
      );
  });
});

describe("API6 unrestricted access to sensitive business flows", () => {
  test("a tenant with anything in it goes only where that is asked for, and main never", async () => {
    const operator = clientOf("operator");
    await assert.rejects(operator.removeTenant("acme", false), { code: "tenant-not-empty" });
    await assert.rejects(operator.removeTenant("main", true), { code: "bad-request" });
    assert.equal((await clientOf("admin").apps()).length, 2);
  });
});

describe("API7 server side request forgery", () => {
  test("no caller makes the server fetch an address", async () => {
    for (const image of ["http://127.0.0.1:1/image", "//169.254.169.254/latest", "../../etc/passwd"]) {
      const { status, text } = await post("/v1/appliances", served.tokens.operator, { name: "box", image });
      assert.ok(status === 404 || status === 400, text);
    }
  });
});

describe("API8 security misconfiguration", () => {
  test("pages of other origins get nothing, and errors tell nothing of the inside", async () => {
    const { server, tokens } = served;
    const headers = { authorization: `Bearer ${tokens.admin}`, origin: "https://evil.example" };
    const response = await fetch(`${server.url}/v1/apps`, { headers });
    assert.deepEqual([response.status, response.headers.get("access-control-allow-origin")], [403, null]);
    for (const path of ["/v1/apps/%00", "/v1/apps/a/aliases/%ff", "/v1/../v1/tenants", "/v1/audit?tail=NaN"]) {
      const text = await (await fetch(server.url + path, { headers: { authorization: `Bearer ${tokens.admin}` } })).text();
      assert.doesNotMatch(text, /node_modules|\.ts:\d|SQLITE|principals\.db/, path);
    }
  });
});

describe("API9 improper inventory management", () => {
  test("what is served without being in the table of routes answers nobody, and not even the operator", async () => {
    const { server, tokens, api } = served;
    assert.ok(!api.app.routes.some(({ path }) => path.startsWith("/v1/debug")));
    for (const path of ["/v1/debug", "/v2/apps", "/v1/principals", "/v1/apps/shop/code"]) {
      const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${tokens.operator}` } });
      assert.partialDeepStrictEqual([response.status, await response.json()], [404, { error: { code: "no-such-api-route" } }], path);
    }
  });
});

describe("the audit log", () => {
  test("has every call with who, from where, what and how it ended, for its tenant alone", async () => {
    const admin = clientOf("admin");
    await admin.deploy(manifest({ name: "traced" }), [bundle("main", "cjs", "1")]);
    await assert.rejects(clientOf("reader").removeApp("traced"), { code: "forbidden" });
    await assert.rejects(admin.app("nowhere"), { code: "no-such-app" });
    await clientOf("operator", "acme").removeApp("traced");
    const lines = (await admin.audit({ tail: 5 })).map((line) => Object.assign({}, line, { at: typeof line.at }));
    const from = { at: "number", address: "127.0.0.1", tenant: "acme" };
    const ofAcme = { of: "acme", ...from };
    const expected = [
      { ...ofAcme, principal: "ada", role: "tenant-admin", action: "deploy", target: "traced/1", result: "ok", status: 201 },
      { ...ofAcme, principal: "ray", role: "reader", action: "removeApp", target: "traced", result: "forbidden", status: 403 },
      { ...ofAcme, principal: "ada", role: "tenant-admin", action: "app", target: "nowhere", result: "no-such-app", status: 404 },
      { ...from, of: null, principal: "operator", role: "operator", action: "removeApp", target: "traced", result: "ok", status: 204 },
    ];
    for (const line of expected)
      assert.ok(
        lines.some((one) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(line))),
        JSON.stringify([line, lines]),
      );
    assert.doesNotMatch(JSON.stringify(await clientOf("admin of other").audit({ tail: 1_000 })), /traced/);
    assert.match(JSON.stringify(await clientOf("operator").audit({ tail: 1_000 })), /traced/);
  });

  test("notes a refused token without it, and a name with line ends as what it is", async () => {
    const hostile = encodeURIComponent('x\n{"at":1,"principal":"operator","result":"ok"}');
    await fetch(`${served.server.url}/v1/apps/${hostile}`, { headers: { authorization: "Bearer guessed-token" } });
    await fetch(`${served.server.url}/v1/apps/${hostile}`, {
      headers: { authorization: `Bearer ${served.tokens.admin}`, [TENANT_HEADER]: "acme" },
    });
    const all = await clientOf("operator").audit({ tail: 3 });
    const refused = all.find(({ principal }) => principal === null);
    assert.deepEqual([refused?.action, refused?.result, refused?.target], ["app", "unauthorized", decodeURIComponent(hostile)]);
    assert.doesNotMatch(JSON.stringify(all), /guessed-token/);
    const own = (await clientOf("admin").audit({ tail: 1_000 })).filter(({ target }) => target.startsWith("x\n"));
    assert.deepEqual(
      own.map(({ principal, result }) => [principal, result]),
      [["ada", "bad-request"]],
    );
  });

  test("says what was made, and what could not be", async () => {
    const { id } = await clientOf("admin").createToken({ principal: "made", role: "reader" });
    await assert.rejects(clientOf("admin").createKey({ principal: "eve", role: "operator" }), { code: "forbidden" });
    const made = (await clientOf("admin").audit({ tail: 2 })).map(({ action, target, result }) => [action, target, result]);
    assert.deepEqual(made, [
      ["createToken", `made/reader/${id}`, "ok"],
      ["createKey", "eve/operator", "forbidden"],
    ]);
    await assert.rejects(clientOf("operator").createTenant("acme"), { code: "name-taken" });
    assert.partialDeepStrictEqual((await clientOf("operator").audit({ tail: 1 })).at(-1), { action: "createTenant", target: "acme" });
  });

  test("can be followed, until the follower's token is revoked", async () => {
    const { id, token } = await clientOf("admin").createToken({ principal: "auditor", role: "tenant-admin" });
    const seen: string[] = [];
    const following = (async () => {
      for await (const { action } of createClient({ url: served.server.url, token }).followAudit({ tail: 0 })) {
        seen.push(action);
        if (action === "aliases") await clientOf("operator").revokeToken(id);
      }
    })();
    await clientOf("operator", "acme").aliases("shop");
    while (!seen.includes("aliases")) {
      await clientOf("operator", "acme").aliases("shop");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await following;
  });
});

function sorted(record: object): [string, unknown][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
