/** Sessions of browsers, over a real API. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import type { Principal } from "../../store/principals/principal.ts";
import { createClient } from "./client.ts";
import { Sessions, SESSION_MS } from "./sessions.ts";
import { type HostileTenants, serveTwoTenants } from "./testing/hostile-tenants.ts";

let served: HostileTenants;
let url: string;
beforeEach(async () => {
  served = await serveTwoTenants();
  ({ url } = served.server);
});
afterEach(() => served.close());

async function logIn(body: object): Promise<Response> {
  return fetch(`${url}/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** The headers of a browser that has logged in. */
async function browserOf(body: object): Promise<{ cookie: string; "mayfly-csrf": string }> {
  const response = await logIn(body);
  assert.equal(response.status, 201);
  const { csrf } = (await response.json()) as { csrf: string };
  return { cookie: response.headers.get("set-cookie")!.split(";")[0]!, "mayfly-csrf": csrf };
}

const statusOf = async (path: string, headers: Record<string, string>, method = "GET") => {
  const response = await fetch(url + path, { method, headers });
  await response.body?.cancel();
  return response.status;
};

test("who logs in has a cookie that scripts cannot read and other sites cannot send, and may what the token may", async () => {
  const response = await logIn({ token: served.tokens.reader });
  const { principal } = (await response.json()) as { principal: unknown };
  assert.deepEqual(principal, { principal: "ray", role: "reader", tenant: "acme", apps: null });
  const cookie = response.headers.get("set-cookie")!;
  assert.match(cookie, /^mayfly-session-\d+=[\w-]{43}; Path=\/v1; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  assert.equal(response.headers.get("cache-control"), "no-store");
  const browser = await browserOf({ token: served.tokens.reader });
  assert.equal(await statusOf("/v1/apps/shop", browser), 200);
  assert.equal(await statusOf("/v1/apps/vault", browser), 404, "an app of another tenant");
  assert.equal(await statusOf("/v1/apps/shop/rollback", browser, "POST"), 403, "what a reader may not");
});

test("neither the cookie nor the secret beside it counts alone, nor two of different sessions together", async () => {
  const browser = await browserOf({ token: served.tokens.reader });
  const other = await browserOf({ token: served.tokens.reader });
  for (const headers of [
    { cookie: browser.cookie },
    { "mayfly-csrf": browser["mayfly-csrf"] },
    { cookie: browser.cookie, "mayfly-csrf": other["mayfly-csrf"] },
    { cookie: browser.cookie, "mayfly-csrf": "" },
    { cookie: browser.cookie.replace(/-\d+=/, "-1="), "mayfly-csrf": browser["mayfly-csrf"] },
  ])
    assert.equal(await statusOf("/v1/apps", headers as Record<string, string>), 401, JSON.stringify(headers));
  assert.equal(await statusOf("/v1/apps", { ...browser, origin: "http://evil.example" }), 403);
});

test("a key pair logs in, too, and wrong credentials are refused with no cookie", async () => {
  const { id, secret } = await createClient({ url, token: served.tokens.admin }).createKey({ principal: "kim", role: "reader" });
  const browser = await browserOf({ accessKeyId: id, secretAccessKey: secret });
  assert.equal(await statusOf("/v1/apps/shop", browser), 200);
  for (const body of [
    { token: "wrong" },
    { accessKeyId: id, secretAccessKey: "wrong" },
    { accessKeyId: "none", secretAccessKey: secret },
  ]) {
    const response = await logIn(body);
    assert.deepEqual([response.status, response.headers.get("set-cookie")], [401, null], JSON.stringify(body));
  }
  assert.equal((await logIn({ token: "" })).status, 400);
  assert.equal((await logIn({})).status, 400);
});

test("a session ends when its browser logs out, and when its token is revoked, with what it follows", async () => {
  const client = createClient({ url, token: served.tokens.admin });
  const { id, token } = await client.createToken({ principal: "eve", role: "reader" });
  const [left, cut] = [await browserOf({ token }), await browserOf({ token })];
  const goodbye = await fetch(`${url}/v1/session`, { method: "DELETE", headers: left });
  assert.match(goodbye.headers.get("set-cookie")!, /^mayfly-session-\d+=; Path=\/v1; Max-Age=0;/);
  assert.equal(await statusOf("/v1/apps", left), 401);
  const live = await fetch(`${url}/v1/live`, { headers: cut });
  assert.equal(live.headers.get("content-type"), "text/event-stream");
  const reader = live.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await reader.read()).value!, /^event: tick\ndata: \{"at":\d+,"calls":0,/);
  await client.revokeToken(id);
  assert.equal(await statusOf("/v1/apps", cut), 401);
  for (let piece = await reader.read(); !piece.done; piece = await reader.read());
});

test("logins are in the audit log, with who it was or that nobody was", async () => {
  await browserOf({ token: served.tokens.reader });
  await logIn({ token: "wrong" });
  const lines = await createClient({ url, token: served.tokens.operator }).audit({ tail: 100 });
  const logins = lines.filter(({ action }) => action === "openSession").map(({ principal, result }) => [principal, result]);
  assert.deepEqual(logins, [
    ["ray", "ok"],
    [null, "unauthorized"],
  ]);
});

test("what a page reads again and again is one line of the audit log, with the app first in what it names", async () => {
  const admin = createClient({ url, token: served.tokens.admin });
  const browser = await browserOf({ token: served.tokens.reader });
  const paths = ["/v1/apps/shop", "/v1/apps/shop/invocations/none"];
  const statuses: number[] = [];
  for (let time = 0; time < 3; time++) for (const path of paths) statuses.push(await statusOf(path, browser));
  assert.deepEqual(statuses, [200, 404, 200, 404, 200, 404]);
  const lines = (await admin.audit({ tail: 100 })).filter(({ principal, action }) => principal === "ray" && action !== "openSession");
  const read = (action: string) => lines.filter((each) => each.action === action).map(({ target, result }) => `${target} ${result}`);
  assert.deepEqual(read("app"), ["shop ok"]);
  assert.deepEqual(new Set(read("invocation")), new Set(["shop/none no-such-invocation"]));
});

test("further cookies of the same name, which pages of other ports can set for longer paths, end no session and begin none", async () => {
  const { cookie, ...csrf } = await browserOf({ token: served.tokens.reader });
  const name = cookie.split("=")[0]!;
  for (const cookies of [`${name}=x; ${cookie}`, `${cookie}; ${name}=x`, `${name}=; ${name}="a"; a=b; ${cookie}; ${name}`])
    assert.equal(await statusOf("/v1/apps/shop", { cookie: cookies, ...csrf }), 200, cookies);
  const others = await browserOf({ token: served.tokens.operator });
  assert.equal(await statusOf("/v1/tenants", { cookie: `${others.cookie}; ${cookie}`, ...csrf }), 403, "it is still the reader's");
  const tossed = { cookie: `${name}=x; ${cookie}`, ...csrf };
  assert.equal(await statusOf("/v1/session", tossed, "DELETE"), 204);
  assert.equal(await statusOf("/v1/apps/shop", { cookie, ...csrf }), 401, "the session that was left is the page's");
  assert.equal(await statusOf("/v1/tenants", others), 200, "and no other");
});

test("a session lasts twelve hours, and one more than a tenant may have ends the oldest of the principal that has most", () => {
  const clock = new FakeClock();
  const of = (name: string): Principal => ({ id: name, name, role: "reader", tenant: "ten_acme", apps: null });
  const sessions = new Sessions({ ofToken: (token) => of(token), ofAccessKey: () => null }, clock);
  const holds = ({ cookie, csrf }: { cookie: string; csrf: string }) => sessions.principalOf([cookie], csrf) !== null;
  const [ada, eve] = [sessions.open({ token: "ada" })!, Array.from({ length: 500 }, () => sessions.open({ token: "eve" })!)];
  assert.deepEqual([holds(ada), holds(eve[0]!), holds(eve[1]!), holds(eve[499]!)], [true, false, true, true]);
  const more = sessions.open({ token: "ada" })!;
  assert.deepEqual([holds(ada), holds(more), holds(eve[1]!), holds(eve[2]!)], [true, true, false, true]);
  void clock.advance(SESSION_MS);
  assert.ok(!holds(eve[499]!));
});
