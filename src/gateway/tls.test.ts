import { test } from "node:test";
import assert from "node:assert/strict";
import { request } from "node:https";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { openTestGateway, rawClient, replyText, until } from "./test-gateway.ts";

// Made for this test, for localhost, with nothing to protect.
const cert = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIURLyZ47cNj+78yc9oOSu6jH5UeccwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjExMjQwNVoYDzIxMjYxMDI5
MTEyNDA1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ8IMZz9WK2v+w6J22q1mCYRyrFiTwIrR2uCrjeIo1M3VpK99xJwPUZ
Wm0mb2Emw/lRz2+o0z+MmudGFnDpX8Vho2kwZzAdBgNVHQ4EFgQUGuNRS9bdYaGV
2h1YtMrtp8jjSE4wHwYDVR0jBBgwFoAUGuNRS9bdYaGV2h1YtMrtp8jjSE4wDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgSxMUaPe/M5uKBdR2jSqbQhP5y4oUW49V8udSu6zIgoQCIQCK9OfshwAT
qm0hq7M/csCNVCQegAUgV1mWP7qvfnlJYw==
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpMj5TbrJqO+ZaMFk
6ZSI4Vj1uEetrjX+y36HBuUTQdyhRANCAAQ8IMZz9WK2v+w6J22q1mCYRyrFiTwI
rR2uCrjeIo1M3VpK99xJwPUZWm0mb2Emw/lRz2+o0z+MmudGFnDpX8Vh
-----END PRIVATE KEY-----`;

test("with a certificate the gateway speaks HTTPS, and says so to the function", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "safe"), { tls: { cert, key } });
  const asked = request({ port: open.port, host: "localhost", path: "/app/hello/x", ca: cert, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  assert.equal((await response.toArray()).join(""), "safe");
  const { url, headers } = open.invocations[0]!.request;
  assert.equal(url, `https://localhost:${open.port}/x`);
  assert.equal(headers[headers.indexOf("x-forwarded-proto") + 1], "https");
});

test("clients that speak no TLS, or say nothing, are no harm and hold up no close", async () => {
  const open = await openTestGateway(() => {}, { tls: { cert, key } });
  const plain = rawClient(open.port, "GET /app/hello HTTP/1.1\r\nhost: h\r\n\r\n");
  await until(() => plain.closed);
  assert.equal(plain.text.includes("HTTP/"), false);
  const silent = rawClient(open.port);
  await once(silent.socket, "connect");
  await open.gateway.close(50);
  await until(() => silent.closed);
});
