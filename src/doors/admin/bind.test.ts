import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type IncomingMessage, createServer } from "node:http";
import { get } from "node:https";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertSafeAddress, parseAddress, portOf, urlOf } from "../../base/listen/address.ts";
import { readCertificate } from "../../base/listen/certificate.ts";
import { listen } from "./listen.ts";
import { ensureToken } from "./token.ts";
import { listening } from "../../base/testing/listening.ts";

const plain = { allowInsecureBind: false };
const app = { fetch: () => new Response("ok") };

test("plain HTTP may listen on loopback only", () => {
  for (const address of ["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "localhost:1", "[::ffff:127.0.0.1]:1"]) assertSafeAddress(address, plain);
  for (const address of ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.com:1", "127.0.0.1.evil.example:1", "[::ffff:10.0.0.1]:1"])
    assert.throws(() => assertSafeAddress(address, plain), { code: "unsafe-bind" }, address);
});

test("TLS or an explicit flag opens other addresses", () => {
  assertSafeAddress("0.0.0.0:1", { allowInsecureBind: true });
  assertSafeAddress("0.0.0.0:1", { allowInsecureBind: false, tls: { cert: "a", key: "b" } });
});

test("a server's port is known from its URL, even if it is the scheme's default", () => {
  const urls = ["http://0.0.0.0:80", "https://[::]:443", "http://127.0.0.1:8080", ""];
  assert.deepEqual(urls.map(portOf), [80, 443, 8080, 0]);
});

test("a server that listens on all addresses is reached on loopback from its own host", () => {
  const hosts = ["0.0.0.0", "::", "0:0::0", "127.0.0.1", "::1", "10.0.0.1", "shop.example"];
  assert.deepEqual(
    hosts.map((host) => urlOf(host, 8080, host === "::")),
    [
      "http://127.0.0.1:8080",
      "https://[::1]:8080",
      "http://[::1]:8080",
      "http://127.0.0.1:8080",
      "http://[::1]:8080",
      "http://10.0.0.1:8080",
      "http://shop.example:8080",
    ],
  );
});

test("an address is split into host and port", () => {
  assert.deepEqual(parseAddress("127.0.0.1:7070"), { host: "127.0.0.1", port: 7070 });
  assert.deepEqual(parseAddress("[::1]:0"), { host: "::1", port: 0 });
});

test("an unsafe address is refused before anything listens", async () => {
  await assert.rejects(listen(app, { address: "0.0.0.0:0", ...plain }), { code: "unsafe-bind" });
});

test("a port in use is reported with its address", async () => {
  const other = createServer();
  const port = await listening(other);
  const address = `127.0.0.1:${port}`;
  await assert.rejects(listen(app, { address, ...plain }), { code: "port-in-use", details: { address, key: "api" } });
  other.close();
});

test("with a certificate it answers HTTPS", async () => {
  const [cert, key] = ["cert.pem", "key.pem"].map((file) => join(import.meta.dirname, "testing", file)) as [string, string];
  const listening = await listen(app, { address: "127.0.0.1:0", tls: readCertificate({ cert, key }), ...plain });
  const [response] = (await once(get(listening.url, { ca: readFileSync(cert) }), "response")) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  response.destroy();
  await listening.close();
});

test("a certificate that cannot be read is reported with its setting", () => {
  assert.throws(() => readCertificate({ cert: "/no/such/cert", key: "/no/such/key" }), { code: "bad-config", message: /tls.cert/ });
});

test("the token is created once, readable for its owner only, and is never empty", () => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-token-"));
  const file = join(dir, "api-token");
  const token = ensureToken(file);
  assert.match(token, /^[\w-]{43}$/);
  assert.equal(ensureToken(file), token);
  assert.equal(readFileSync(file, "utf8"), `${token}\n`);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  writeFileSync(file, "\n");
  assert.throws(() => ensureToken(file), { code: "state-unusable" });
  rmSync(dir, { recursive: true });
});

test("a request's peer is the other end of its connection, and what a trusted proxy says of it, but nothing that a client says", async () => {
  for (const [trustedProxies, forwarded, peer] of [
    [[], "192.0.2.7", "127.0.0.1"],
    [["127.0.0.1"], undefined, "127.0.0.1"],
    [["127.0.0.1"], "192.0.2.7", "192.0.2.7"],
    [["127.0.0.1"], "10.9.9.9, 192.0.2.7", "192.0.2.7"],
    [["127.0.0.1"], "no address\t", "127.0.0.1"],
  ] as const) {
    const echo = { fetch: (_request: Request, env: { peer: string }) => new Response(env.peer) };
    const server = await listen(echo, { address: "127.0.0.1:0", allowInsecureBind: false, trustedProxies });
    const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
    assert.equal(await (await fetch(server.url, { headers })).text(), peer);
    await server.close();
  }
});
