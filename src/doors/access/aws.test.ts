/** Calls that AWS's own library has signed, at a real gateway. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { mainTenant } from "../../base/ids/new-id.ts";
import { manifestSchema } from "../../store/catalog/manifest.ts";
import { until } from "../../base/clock/until.ts";
import { openTestGateway, rawClient, replyText } from "../http/testing/test-gateway.ts";
import { Sha256 } from "../signature/sha256.ts";
import { createTestGate } from "./testing/test-gate.ts";

const { gate, clock, keys, used } = createTestGate();
let open: Awaited<ReturnType<typeof openTestGateway>>;
let host: string;

before(async () => {
  open = await openTestGateway((seen) => seen.request.body === null && replyText(seen, "in"), { gate });
  host = `127.0.0.1:${open.port}`;
  const functions = { f: { entry: "a.ts" }, either: { entry: "a.ts", access: ["token", "aws"] } };
  open.routes.setApp({ app: "app_1", tenant: mainTenant, manifest: manifestSchema.parse({ name: "shop", access: "aws", functions }) });
});
after(() => open[Symbol.asyncDispose]());
beforeEach(() => {
  open.invocations.length = 0;
  keys.clear();
  keys.set("MFLYGOOD", { principal: { id: "prin_1", name: "ada", role: "invoker" }, secret: "secret" });
  keys.set("MFLYOTHER", { principal: { id: "prin_2", name: "eve", role: "invoker", apps: ["app_2"] }, secret: "secret" });
});

interface Wish {
  method?: string;
  path?: string;
  query?: Record<string, string>;
  body?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  service?: string;
  at?: number;
  headers?: Record<string, string>;
}

const signerOf = ({ accessKeyId = "MFLYGOOD", secretAccessKey = "secret", service = "lambda" }: Wish) =>
  new SignatureV4({ service, region: "us-east-1", credentials: { accessKeyId, secretAccessKey }, sha256: Sha256 });

async function signed(wish: Wish = {}): Promise<{ url: string; init: RequestInit }> {
  const { method = "GET", path = "/shop/f/a", query = {}, body, at = clock.wall(), headers = {} } = wish;
  const request = { method, protocol: "http:", hostname: "127.0.0.1", path, query, headers: { host, ...headers }, body };
  const { headers: all } = await signerOf(wish).sign(request, { signingDate: new Date(at) });
  const { host: _, ...sent } = all;
  // A plus would stand for itself.
  const search = new URLSearchParams(query).toString().replaceAll("+", "%20");
  return {
    url: `${open.url}${path}${search === "" ? "" : `?${search}`}`,
    init: { method, headers: sent, ...(body !== undefined && { body }) },
  };
}

async function presigned(expiresIn: number): Promise<string> {
  const request = { method: "GET", protocol: "http:", hostname: "127.0.0.1", path: "/shop/f/a", query: { b: "c" }, headers: { host } };
  const { query = {} } = await signerOf({}).presign(request, { expiresIn, signingDate: new Date(clock.wall()) });
  return `${open.url}/shop/f/a?${new URLSearchParams(query as Record<string, string>).toString()}`;
}

async function answerTo({ url, init }: { url: string; init?: RequestInit }): Promise<[number, string | undefined]> {
  const response = await fetch(url, init);
  const text = await response.text();
  return [response.status, /"code":"([^"]+)"/.exec(text)?.[1]];
}

test("a signed call is let in, and the function learns who signed it, but gets no signature", async () => {
  assert.deepEqual(await answerTo(await signed({ query: { b: "c d" } })), [200, undefined]);
  const { headers } = open.invocations[0]!.input;
  const value = (name: string) => headers[headers.findIndex((each, at) => at % 2 === 0 && each.toLowerCase() === name) + 1];
  assert.deepEqual([value("x-mayfly-caller-way"), value("x-mayfly-caller")], ["aws", "ada"]);
  assert.ok(!headers.some((text) => text.startsWith("AWS4")));
  const claims: unknown = JSON.parse(Buffer.from(value("x-mayfly-caller-claims")!, "base64url").toString());
  assert.deepEqual(claims, { sub: "prin_1", name: "ada", role: "invoker", accessKeyId: "MFLYGOOD" });
});

test("a call that is signed for a route of API Gateway is let in, and one for another service is not", async () => {
  assert.deepEqual(await answerTo(await signed({ service: "execute-api" })), [200, undefined]);
  assert.deepEqual(await answerTo(await signed({ service: "s3" })), [401, "credentials-refused"]);
});

test("a presigned URL is let in until its end, and for nothing else", async () => {
  const url = await presigned(60);
  assert.deepEqual(await answerTo({ url }), [200, undefined]);
  assert.deepEqual(await answerTo({ url: url.replace("b=c", "b=d") }), [401, "credentials-refused"]);
  assert.deepEqual(await answerTo({ url, init: { method: "POST" } }), [401, "credentials-refused"]);
  clock.ms += 61_000;
  assert.deepEqual(await answerTo({ url }), [401, "credentials-refused"]);
});

test("refused are unsigned calls, other keys and secrets, other services, old dates, and what was changed since", async () => {
  assert.deepEqual(await answerTo({ url: `${open.url}/shop/f` }), [401, "credentials-missing"]);
  const refused: Wish[] = [{ accessKeyId: "MFLYNONE" }, { secretAccessKey: "wrong" }, { service: "s3" }, { at: clock.wall() - 301_000 }];
  for (const wish of refused) assert.deepEqual(await answerTo(await signed(wish)), [401, "credentials-refused"], JSON.stringify(wish));
  const good = await signed();
  for (const url of [`${good.url}?x=1`, good.url.replace("/f/a", "/f/b"), good.url.replace("/f/a", "/either/a")])
    assert.deepEqual(await answerTo({ ...good, url }), [401, "credentials-refused"], url);
  assert.deepEqual(await answerTo({ ...good, init: { ...good.init, method: "DELETE" } }), [401, "credentials-refused"]);
  assert.deepEqual(await answerTo(await signed({ accessKeyId: "MFLYOTHER" })), [403, "caller-not-allowed"]);
  assert.equal(open.invocations.length, 0);
});

test("a refusal tells nobody which keys there are, and what is not signed by a key is no use of it", async () => {
  const textOf = async (wish: Wish) => {
    const { url, init } = await signed(wish);
    return (await fetch(url, init)).text();
  };
  used.length = 0;
  assert.equal(await textOf({ accessKeyId: "MFLYNONE" }), await textOf({ secretAccessKey: "wrong" }));
  assert.deepEqual(used, []);
  assert.deepEqual(await answerTo(await signed()), [200, undefined]);
  assert.deepEqual(used, ["MFLYGOOD"]);
});

test("a signature for one function calls no other by a path that is the same to signatures", async () => {
  const { port } = open;
  for (const path of ["/shop/either/../f/a", "/shop/f/./a", "//shop/f/a", "/shop/f//a", "/shop/f/a/..", "/shop/f/b/../a", "/shop/f/."]) {
    const { init } = await signed({ path: new URL(path.replace(/^\/+/, "/"), "http://h").pathname.replaceAll("//", "/") });
    const headers = Object.entries(init.headers as Record<string, string>).map(([name, value]) => `${name}: ${value}`);
    // fetch() would resolve the dots itself.
    const client = rawClient(port, [`GET ${path} HTTP/1.1`, `host: ${host}`, ...headers, "", ""].join("\r\n"));
    await until(() => client.text.includes("\r\n\r\n"));
    assert.match(client.text, /^HTTP\/1\.1 40[14] /, path);
    client.socket.destroy();
  }
  assert.equal(open.invocations.length, 0);
  assert.deepEqual(await answerTo(await signed({ path: "/shop/f/a..b/.c" })), [200, undefined]);
});

test("a key is refused from the moment at which it is revoked", async () => {
  const good = await signed();
  assert.deepEqual(await answerTo(good), [200, undefined]);
  keys.delete("MFLYGOOD");
  assert.deepEqual(await answerTo(good), [401, "credentials-refused"]);
});

test("a body is passed on and has to be the one that was signed: otherwise the call ends before the body does", async () => {
  const good = await signed({ method: "POST", body: "hello" });
  const pending = fetch(good.url, good.init);
  const ended = async (at: number) => {
    while (open.invocations[at]?.bodyEnded !== true) await new Promise((resolve) => void setImmediate(resolve));
    return open.invocations[at];
  };
  const seen = await ended(0);
  assert.equal(Buffer.concat(seen.body).toString(), "hello");
  replyText(seen, "in");
  assert.equal((await pending).status, 200);

  assert.deepEqual(await answerTo({ ...good, init: { ...good.init, body: "hellO" } }), [401, "credentials-refused"]);
  const [, changed] = open.invocations;
  assert.deepEqual([changed!.aborted, changed!.bodyEnded], [true, false]);
  assert.deepEqual(await answerTo({ ...good, init: { ...good.init, body: null } }), [401, "credentials-refused"]);
  assert.equal(open.invocations.length, 2, "a signed body that does not come is no call");
});

test("a signature with a body's hash that the head does not have, as curl makes it, is refused with what lacks", async () => {
  const { url, init } = await signed({ method: "POST", body: "x" });
  const headers = new Headers(init.headers);
  headers.delete("x-amz-content-sha256");
  const response = await fetch(url, { ...init, headers, body: "x" });
  assert.match(await response.text(), /must have the signed header x-amz-content-sha256/);
});

test("a body whose hash is not signed is refused, unless the head says that it is unsigned", async () => {
  const plain = await signed({ method: "POST" });
  assert.deepEqual(await answerTo({ ...plain, init: { ...plain.init, body: "x" } }), [401, "credentials-refused"]);
  assert.equal(open.invocations.length, 0);
  const unsigned = await signed({ method: "POST", body: "x", headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } });
  const pending = fetch(unsigned.url, { ...unsigned.init, body: "anything" });
  while (open.invocations[0]?.bodyEnded !== true) await new Promise((resolve) => void setImmediate(resolve));
  replyText(open.invocations[0], "in");
  assert.equal((await pending).status, 200);
});
