/** Who is let in, at a real gateway in front of a dispatcher that the test is. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { mainTenant } from "../../base/ids/new-id.ts";
import { until } from "../../base/clock/until.ts";
import { manifestSchema } from "../../store/catalog/manifest.ts";
import { signPath } from "../../store/catalog/signed-path.ts";
import { openTestGateway, rawClient, replyText } from "../http/testing/test-gateway.ts";
import { createTestGate } from "./testing/test-gate.ts";

const { gate, clock, tokens, signingKey } = createTestGate();
let open: Awaited<ReturnType<typeof openTestGateway>>;
/** Behind a proxy that is trusted. */
let proxied: typeof open;

const cors = { origins: ["https://page.test"], credentials: true };
const functions = {
  everybody: { entry: "a.ts", access: "public" },
  holders: { entry: "a.ts" },
  signed: { entry: "a.ts", access: "signed-url" },
  either: { entry: "a.ts", access: ["token", "signed-url"] },
  limited: { entry: "a.ts", access: "public", rate: { perCaller: { calls: 2, seconds: 10 } } },
  limitedHolders: { entry: "a.ts", rate: { perCaller: { calls: 1, seconds: 10 }, perFunction: { calls: 3, seconds: 10 } } },
  pages: { entry: "a.ts", cors },
  publicPages: { entry: "a.ts", access: "public", cors },
  near: { entry: "a.ts", access: "public", ips: { allow: ["10.0.0.0/8", "127.0.0.1"], deny: ["10.6.6.6"] } },
  far: { entry: "a.ts", access: "public", ips: { deny: ["127.0.0.0/8"] } },
} as const;

before(async () => {
  const reply = ["content-type", "text/plain", "access-control-allow-origin", "*", "vary", "accept"];
  [open, proxied] = [
    await openTestGateway((seen) => replyText(seen, "in", reply), { gate }),
    await openTestGateway((seen) => replyText(seen, "in", reply), { gate, trustedProxies: ["127.0.0.1"] }),
  ];
  for (const { routes } of [open, proxied])
    routes.setApp({ app: "app_1", tenant: mainTenant, manifest: manifestSchema.parse({ name: "shop", access: "token", functions }) });
});
after(async () => {
  await open[Symbol.asyncDispose]();
  await proxied[Symbol.asyncDispose]();
});
beforeEach(() => {
  open.invocations.length = 0;
  proxied.invocations.length = 0;
  clock.ms += 3_600_000;
  tokens.clear();
  tokens.set("good", { id: "prin_1", name: "Ada Ünsal", role: "invoker" });
  tokens.set("other", { id: "prin_2", name: "eve", role: "invoker", apps: ["app_2"] });
});

const call = (path: string, headers: Record<string, string> = {}, method = "GET") => fetch(`${open.url}/shop/${path}`, { method, headers });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
/** The headers of the last call, as its function sees them. */
function seenHeaders(): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  const { headers } = open.invocations.at(-1)!.input;
  for (let at = 0; at < headers.length; at += 2) (all[headers[at]!.toLowerCase()] ??= []).push(headers[at + 1]!);
  return all;
}
async function refusal(response: Response): Promise<[number, string, string | null]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code, response.headers.get("www-authenticate")];
}

describe("a function for holders of tokens", () => {
  test("is called by one, and learns who it is but not the token", async () => {
    const response = await call("holders", bearer("good"));
    assert.deepEqual([response.status, await response.text()], [200, "in"]);
    const seen = seenHeaders();
    assert.equal(seen["authorization"], undefined);
    assert.deepEqual([seen["x-mayfly-caller"], seen["x-mayfly-caller-way"]], [["Ada%20%C3%9Cnsal"], ["token"]]);
    const claims: unknown = JSON.parse(Buffer.from(seen["x-mayfly-caller-claims"]![0]!, "base64url").toString());
    assert.deepEqual(claims, { sub: "prin_1", name: "Ada Ünsal", role: "invoker" });
  });

  test("refuses whoever shows nothing, or a token that there is not, and says how to show it; nothing is called", async () => {
    assert.deepEqual(await refusal(await call("holders")), [401, "credentials-missing", 'Bearer realm="shop/holders"']);
    for (const wrong of ["wrong", "a.b.c", "good2", "goo"]) {
      const [status, code] = await refusal(await call("holders", bearer(wrong)));
      assert.equal(status, 401, wrong);
      assert.equal(code, wrong === "a.b.c" ? "credentials-missing" : "credentials-refused", wrong);
    }
    assert.match(await (await call("holders")).text(), /the request does not show who calls/);
    for (const authorization of ["Basic Z29vZDo=", "good", "Bearer", "Bearer  ", "Bearer good extra", "bearergood"]) {
      const response = await call("holders", { authorization });
      assert.deepEqual([response.status, /Authorization header is of no kind/.test(await response.text())], [401, true], authorization);
    }
    assert.equal(open.invocations.length, 0);
  });

  test("refuses a holder who may call other apps only", async () => {
    const realm = 'Bearer realm="shop/holders", error="insufficient_scope"';
    assert.deepEqual(await refusal(await call("holders", bearer("other"))), [403, "caller-not-allowed", realm]);
    assert.equal(open.invocations.length, 0);
  });

  test("refuses a token from the call on before which it was revoked", async () => {
    assert.equal((await call("holders", bearer("good"))).status, 200);
    tokens.delete("good");
    assert.equal((await call("holders", bearer("good"))).status, 401);
  });

  test("refuses two Authorization headers, of which gateway and function might read different ones", async () => {
    const client = rawClient(
      open.port,
      "GET /shop/holders HTTP/1.1\r\nhost: h\r\nAuthorization: Bearer good\r\nauthorization: Bearer x\r\n\r\n",
    );
    await until(() => client.text.includes("\r\n\r\n"));
    assert.match(client.text, /^HTTP\/1\.1 400 .*more than one Authorization/s);
    client.socket.destroy();
    assert.equal(open.invocations.length, 0);
  });

  test("refuses a body before it is sent, if the client asks, and one that comes unasked; the connection goes on", async () => {
    const asking = rawClient(open.port, "POST /shop/holders HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n");
    await until(() => asking.closed || asking.text.includes("\r\n\r\n"));
    assert.match(asking.text, /^HTTP\/1\.1 401 /);
    const sending = rawClient(open.port, "POST /shop/holders HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhello");
    await until(() => sending.text.includes("credentials-missing"));
    sending.send("GET /shop/everybody HTTP/1.1\r\nhost: h\r\n\r\n");
    await until(() => sending.text.endsWith("in"));
    for (const { socket } of [asking, sending]) socket.destroy();
    assert.equal(open.invocations.length, 1);
  });
});

describe("wrong credentials", () => {
  test("that come many times from one address are told less, while right ones and other addresses are let in", async () => {
    const from = (address: string, path: string, headers: Record<string, string>) =>
      fetch(`${proxied.url}/shop/${path}`, { headers: { "x-forwarded-for": address, ...headers } });
    const statuses = [];
    for (let at = 0; at < 40; at++) statuses.push((await from("192.0.2.1", "holders", bearer(`wrong ${at}`.replace(" ", "-")))).status);
    assert.deepEqual([...new Set(statuses)], [401, 429]);
    assert.equal(statuses.filter((status) => status === 401).length, 30);
    const late = await from("192.0.2.1", "holders", bearer("wrong"));
    const { error } = (await late.json()) as { error: { code: string } };
    assert.deepEqual([late.status, error.code, late.headers.get("retry-after")], [429, "too-many-wrong-credentials", "2"]);
    const expires = Math.floor(clock.wall() / 1_000) + 60;
    const signed = (path: string) => from("192.0.2.1", `signed${path}`, {});
    assert.equal((await signed("/?mayfly-expires=99&mayfly-signature=AAAA")).status, 429, "a wrong URL counts with wrong tokens");
    assert.equal((await from("192.0.2.1", "holders", {})).status, 401, "what is missing is not wrong");
    assert.equal((await from("192.0.2.1", "everybody", bearer("wrong"))).status, 200);
    assert.equal((await from("192.0.2.1", "holders", bearer("other"))).status, 403, "nor is what gives no right");
    assert.equal((await from("192.0.2.1", "holders", bearer("good"))).status, 200);
    assert.equal((await signed(signPath(signingKey, { function: "signed", method: "GET", path: "/" }, expires))).status, 200);
    assert.equal((await from("192.0.2.2", "holders", bearer("wrong"))).status, 401);
    clock.ms += 2_000;
    assert.equal((await from("192.0.2.1", "holders", bearer("wrong"))).status, 401);
    assert.equal((await from("192.0.2.1", "holders", bearer("wrong"))).status, 429);
  });
});

test("what says who calls reaches no function from outside, in whatever spelling, whether everybody may call it or not", async () => {
  const forged = [
    "X-Mayfly-Caller: root",
    "x_mayfly_caller: root",
    "X-Mayfly_Caller-Claims: e30",
    "x-mayfly-caller-way: token",
    "X-MAYFLY-CALLER-anything: x",
  ];
  for (const [path, more] of [
    ["everybody", []],
    ["holders", ["authorization: Bearer good"]],
  ] as const) {
    const client = rawClient(
      open.port,
      [`GET /shop/${path} HTTP/1.1`, "host: h", ...forged, ...more, "x-mayfly-call: 1", "", ""].join("\r\n"),
    );
    await until(() => client.text.endsWith("in"));
    client.socket.destroy();
    const seen = seenHeaders();
    const names = Object.keys(seen).filter((name) => /^x.mayfly/.test(name));
    const own = ["x-mayfly-caller-way", "x-mayfly-caller", "x-mayfly-caller-claims"];
    assert.deepEqual(names.toSorted(), ["x-mayfly-call", ...(path === "holders" ? own : [])].toSorted());
    for (const name of names) assert.equal(seen[name]!.length, 1);
    assert.ok(!JSON.stringify(seen).includes("root"));
  }
});

describe("a function for holders of signed URLs", () => {
  const signed = (path: string, method = "GET", name = "signed") =>
    signPath(signingKey, { function: name, method, path }, Math.floor(clock.wall() / 1_000) + 60);

  test("is called by one, sees the path without the signature, and that somebody has signed it", async () => {
    const response = await call(`signed${signed("/a/b?c=1")}`);
    assert.equal(response.status, 200);
    assert.ok(open.invocations[0]!.input.url.endsWith("/a/b?c=1"), open.invocations[0]!.input.url);
    const seen = seenHeaders();
    assert.deepEqual([seen["x-mayfly-caller-way"], seen["x-mayfly-caller"]], [["signed-url"], undefined]);
  });

  test("lets a WebSocket in, for which browsers send no Authorization", async () => {
    const asking = (path: string) =>
      rawClient(
        open.port,
        `GET /shop/signed${path} HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: key\r\n\r\n`,
      );
    const [stranger, holder] = [asking("/room"), asking(signed("/room"))];
    await until(() => stranger.text.includes("\r\n\r\n") && open.invocations.length > 0);
    assert.match(stranger.text, /^HTTP\/1\.1 401 /);
    const [seen, ...more] = open.invocations;
    assert.deepEqual([seen!.request.input.kind, seen!.input.url, more.length], ["upgrade", "http://h/room", 0]);
    for (const { socket } of [stranger, holder]) socket.destroy();
  });

  test("refuses an ended one, one for another method, path or function, and one that was changed", async () => {
    const good = signed("/a");
    assert.deepEqual(await refusal(await call("signed/a")), [401, "credentials-missing", 'Mayfly-Signed-URL realm="shop/signed"']);
    for (const [path, method] of [
      [`signed${good}`, "POST"],
      [`signed${good}`, "HEAD"],
      [`signed${good}&x=1`, "GET"],
      [`signed${good.replace("/a", "/b")}`, "GET"],
      [`signed${good.replace("/a", "/./a")}x`, "GET"],
      [`either${good}`, "GET"],
    ] as const)
      assert.equal((await call(path, {}, method)).status, 401, `${method} ${path}`);
    clock.ms += 61_000;
    assert.match(await (await call(`signed${good}`)).text(), /has expired/);
    assert.equal(open.invocations.length, 0);
  });
});

test("of several ways to show who calls, one is enough", async () => {
  const url = `either${signPath(signingKey, { function: "either", method: "GET", path: "/" }, clock.wall() / 1_000 + 60)}`;
  assert.equal((await call("either", bearer("good"))).status, 200);
  assert.equal((await call(url)).status, 200);
  assert.equal((await call(url, bearer("wrong"))).status, 200);
  assert.equal((await call(`${url}x`, bearer("good"))).status, 200);
  assert.equal((await call(`${url}x`, bearer("wrong"))).status, 401);
  assert.equal((await call("either", bearer("other"))).status, 403);
  const [, , challenge] = await refusal(await call("either"));
  assert.equal(challenge, 'Bearer realm="shop/either", Mayfly-Signed-URL realm="shop/either"');
});

test("what fails in a check refuses the call, and tells the caller nothing of this host", async () => {
  open.routes.setApp({
    app: "app_broken",
    tenant: mainTenant,
    manifest: manifestSchema.parse({ name: "broken", access: "signed-url", functions: { f: { entry: "f.ts" } } }),
  });
  const response = await fetch(`${open.url}/broken/f?mayfly-signature=x`);
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /secrets\.key/);
  assert.equal(open.invocations.length, 0);
});

describe("rate limits", () => {
  const statuses = async (count: number, path: string, headers: Record<string, string> = {}) =>
    (await Promise.all(Array.from({ length: count }, () => call(path, headers)))).map(({ status }) => status).toSorted((a, b) => a - b);

  test("a caller that calls too often is told when it may again, and is let in then", async () => {
    assert.deepEqual(await statuses(2, "limited"), [200, 200]);
    const response = await call("limited");
    assert.deepEqual([response.headers.get("retry-after"), (await refusal(response))[1]], ["5", "rate-limited"]);
    clock.ms += 5_000;
    assert.deepEqual(await statuses(2, "limited"), [200, 429]);
  });

  test("callers with tokens are told apart by these, and not by their addresses", async () => {
    tokens.set("second", { id: "prin_3", name: "bob", role: "invoker" });
    assert.deepEqual(await statuses(2, "limitedHolders", bearer("good")), [200, 429]);
    assert.deepEqual(await statuses(2, "limitedHolders", bearer("second")), [200, 429]);
  });

  test("strangers use up nothing of the limit of a function's own callers", async () => {
    assert.deepEqual(new Set(await statuses(20, "limitedHolders", bearer("wrong"))), new Set([401]));
    assert.deepEqual(await statuses(1, "limitedHolders", bearer("good")), [200]);
  });

  test("a client's own X-Forwarded-For makes it no other caller", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, (_, i) => call("limited", { "x-forwarded-for": `192.0.2.${i}` })));
    assert.equal(all.filter(({ status }) => status === 200).length, 2);
  });

  test("behind a trusted proxy the proxy's clients are told apart, each IPv6 network as one", async () => {
    const from = async (address: string) =>
      (await fetch(`${proxied.url}/shop/limited`, { headers: { "x-forwarded-for": address } })).status;
    const all: number[] = [];
    for (const address of [
      "192.0.2.1",
      "192.0.2.1",
      "192.0.2.1",
      "192.0.2.2",
      "2001:db8::1",
      "2001:db8::2",
      "2001:db8::3",
      "2001:db8:0:1::3",
    ])
      all.push(await from(address));
    assert.deepEqual(all, [200, 200, 429, 200, 200, 200, 429, 200]);
  });
});

describe("lists of addresses", () => {
  test("an address that is not allowed, or is denied, is refused before anything else", async () => {
    assert.equal((await call("near")).status, 200);
    assert.deepEqual(await refusal(await call("far")), [403, "address-not-allowed", null]);
  });

  test("what a client says of itself does not count, what a trusted proxy says does", async () => {
    assert.equal((await call("far", { "x-forwarded-for": "192.0.2.1", "x-real-ip": "192.0.2.1", forwarded: "for=192.0.2.1" })).status, 403);
    const through = async (path: string, address: string) =>
      (await fetch(`${proxied.url}/shop/${path}`, { headers: { "x-forwarded-for": address } })).status;
    assert.deepEqual(await through("far", "192.0.2.1"), 200);
    assert.deepEqual(await through("near", "10.1.2.3"), 200);
    assert.deepEqual(await through("near", "192.0.2.1"), 403);
    assert.deepEqual(await through("near", "10.6.6.6"), 403);
    assert.deepEqual(await through("near", "10.1.2.3, 192.0.2.1"), 403, "what the client wrote before the proxy's entry is not believed");
    assert.deepEqual(await through("near", "::ffff:10.1.2.3"), 200);
  });
});

describe("pages of other origins", () => {
  const asking = { origin: "https://page.test", "access-control-request-method": "PUT", "access-control-request-headers": "authorization" };

  test("a browser's question is answered by the gateway, without a token and without a call", async () => {
    const response = await call("pages", asking, "OPTIONS");
    assert.deepEqual([response.status, await response.text()], [204, ""]);
    const { headers } = response;
    assert.equal(headers.get("access-control-allow-origin"), "https://page.test");
    assert.equal(headers.get("access-control-allow-credentials"), "true");
    assert.equal(headers.get("access-control-allow-headers"), "authorization");
    assert.match(headers.get("access-control-allow-methods") ?? "", /PUT/);
    const other = await call("pages", { ...asking, origin: "https://evil.test" }, "OPTIONS");
    assert.deepEqual([other.status, other.headers.get("access-control-allow-origin")], [204, null]);
    assert.equal(open.invocations.length, 0);
  });

  test("an OPTIONS that is no such question is a call, and needs what a call needs", async () => {
    assert.equal((await call("pages", { origin: "https://page.test" }, "OPTIONS")).status, 401);
    assert.equal((await call("pages", { ...asking }, "GET")).status, 401);
    assert.equal((await call("publicPages", {}, "OPTIONS")).status, 200);
  });

  test("the manifest's headers replace the function's, on refusals, too, and without an origin there are none", async () => {
    const allowed = await call("publicPages", { origin: "https://page.test" });
    assert.equal(allowed.headers.get("access-control-allow-origin"), "https://page.test");
    assert.equal(allowed.headers.get("vary"), "accept, Origin");
    const foreign = await call("publicPages", { origin: "https://evil.test" });
    assert.deepEqual([foreign.status, foreign.headers.get("access-control-allow-origin")], [200, null]);
    assert.equal((await call("publicPages")).headers.get("access-control-allow-origin"), null);
    const refused = await call("pages", { origin: "https://page.test" });
    assert.deepEqual([refused.status, refused.headers.get("access-control-allow-origin")], [401, "https://page.test"]);
  });

  test("a function without the key keeps the headers that it sets", async () => {
    assert.equal((await call("everybody", { origin: "https://evil.test" })).headers.get("access-control-allow-origin"), "*");
  });
});
