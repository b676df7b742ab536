import { test } from "node:test";
import assert from "node:assert/strict";
import { request } from "node:https";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { openTestGateway, rawClient, replyText } from "./testing/test-gateway.ts";
import { until } from "../../base/clock/until.ts";
import { certificate } from "./test-certificate.ts";

const { cert } = certificate;

test("with a certificate the gateway speaks HTTPS, and says so to the function", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "safe"), { tls: certificate });
  const asked = request({ port: open.port, host: "localhost", path: "/app/hello/x", ca: cert, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  assert.equal((await response.toArray()).join(""), "safe");
  const { url, headers } = open.invocations[0]!.input;
  assert.equal(url, `https://localhost:${open.port}/x`);
  assert.equal(headers[headers.indexOf("x-forwarded-proto") + 1], "https");
});

test("clients that do not speak TLS, or send nothing, do no harm and delay no close", async () => {
  const open = await openTestGateway(() => {}, { tls: certificate });
  const plain = rawClient(open.port, "GET /app/hello HTTP/1.1\r\nhost: h\r\n\r\n");
  await until(() => plain.closed);
  assert.equal(plain.text.includes("HTTP/"), false);
  const silent = rawClient(open.port);
  await once(silent.socket, "connect");
  await open.gateway.close(50);
  await until(() => silent.closed);
});
