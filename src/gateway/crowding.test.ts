import { test } from "node:test";
import assert from "node:assert/strict";
import { connectionBudget, descriptorLimit } from "../clients/descriptors.ts";
import { openTestGateway, rawClient, replyText, until } from "./test-gateway.ts";

const get = "GET /app/hello HTTP/1.1\r\nhost: h\r\n\r\n";

test("where there are as many connections as there may be, the idlest is closed for the next, and a busy one never", async () => {
  await using open = await openTestGateway(() => {}, { connections: { most: 4, perClient: 4 } });
  const busy = rawClient(open.port, get);
  await until(() => open.invocations.length === 1);
  // In this order: it has asked once, it has never asked, it has sent half a head.
  const [asked, silent, half] = [
    rawClient(open.port, "GET /none/x HTTP/1.1\r\nhost: h\r\n\r\n"),
    rawClient(open.port),
    rawClient(open.port, "GET /"),
  ];
  await until(() => asked.text.includes("no-such-route"));
  await connected(silent, half);
  const next = rawClient(open.port, get);
  await until(() => open.invocations.length === 2);
  await until(() => silent.closed || half.closed || asked.closed);
  const more = [rawClient(open.port, get), rawClient(open.port, get)];
  await until(() => open.invocations.length === 4);
  assert.ok(silent.closed && half.closed && asked.closed);
  const refused = rawClient(open.port, get);
  await until(() => refused.closed);
  assert.match(refused.text, /^HTTP\/1.1 503 .*too-many-connections/s);
  for (const seen of open.invocations) replyText(seen, "done");
  for (const client of [busy, next, ...more]) await until(() => client.text.endsWith("done"));
  assert.equal(open.invocations.length, 4);
});

test("one client may have only so many connections, a trusted proxy as many as all", async () => {
  await using one = await openTestGateway(() => {}, { connections: { most: 100, perClient: 3 } });
  const clients = Array.from({ length: 10 }, () => rawClient(one.port));
  await until(() => clients.filter(({ closed }) => closed).length === 7);
  await using proxied = await openTestGateway(() => {}, { connections: { most: 6, perClient: 3 }, trustedProxies: ["127.0.0.0/8"] });
  const others = Array.from({ length: 10 }, () => rawClient(proxied.port));
  await until(() => others.filter(({ closed }) => closed).length === 4);
  const last = rawClient(proxied.port, get);
  await until(() => proxied.invocations.length === 1);
  for (const client of [...clients, ...others, last]) client.socket.destroy();
});

test("what listeners may have leaves descriptors for the rest", () => {
  for (const descriptors of [64, 256, 1_024, 20_000, 1_048_576]) {
    const { gateway, perClient, api } = connectionBudget(descriptors);
    assert.ok(gateway + api <= descriptors * 0.65, `${descriptors}`);
    assert.ok(perClient <= gateway && perClient >= 8 && api >= 8);
  }
  assert.ok(descriptorLimit() >= 64);
});

async function connected(...clients: ReturnType<typeof rawClient>[]): Promise<void> {
  for (const { socket } of clients) await until(() => !socket.connecting);
}
