import { test } from "node:test";
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { systemClock } from "../../base/clock/clock.ts";
import { until } from "../../base/clock/until.ts";
import { openTestGateway, rawClient, replyText } from "./testing/test-gateway.ts";

const get = "GET /app/hello HTTP/1.1\r\nhost: h\r\n\r\n";

test("at the maximum of connections, the one idle for longest is closed for a new one, and a busy one never is", async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + ahead };
  await using open = await openTestGateway(() => {}, { clock, connections: { most: 4, perClient: 4 } });
  const busy = rawClient(open.port, get);
  await until(() => open.invocations.length === 1);
  // The order matters: the first connection has sent a request, the second nothing, the third half a head.
  const [asked, silent, half] = [
    rawClient(open.port, "GET /none/x HTTP/1.1\r\nhost: h\r\n\r\n"),
    rawClient(open.port),
    rawClient(open.port, "GET /"),
  ];
  await until(() => asked.text.includes("no-such-route"));
  await connected(silent, half);
  // An answer on a connection of its own shows that all earlier connections were accepted, because the gateway accepts them in order.
  const later = rawClient(open.port, "GET /none/x HTTP/1.1\r\nhost: h\r\n\r\n");
  await until(() => later.text.includes("HTTP/1.1"));
  ahead = 2_000;
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

test("a client has a maximum of connections, and a trusted proxy has none; a connection above the maximum gets an error", async () => {
  await using one = await openTestGateway(() => {}, { connections: { most: 100, perClient: 3 } });
  const clients = Array.from({ length: 10 }, () => rawClient(one.port, get));
  await until(() => clients.filter(({ closed }) => closed).length === 7);
  assert.equal(clients.filter(({ text }) => text.startsWith("HTTP/1.1 503 ")).length, 7);
  assert.equal(one.invocations.length, 3);
  await using proxied = await openTestGateway(() => {}, { connections: { most: 6, perClient: 3 }, trustedProxies: ["127.0.0.0/8"] });
  const others = Array.from({ length: 10 }, () => rawClient(proxied.port, get));
  await until(() => others.filter(({ closed }) => closed).length === 4);
  assert.equal(proxied.invocations.length, 6);
  for (const client of [...clients, ...others]) client.socket.destroy();
});

test("of many requests at once, more than there may be connections, each is called or answered with too-many-connections", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "done"), { connections: { most: 64, perClient: 64 } });
  const agent = new Agent({ keepAlive: true });
  const body = "x".repeat(100_000);
  const ask = async (at: number) => {
    const sent = request({ port: open.port, path: "/app/hello", method: at % 2 ? "POST" : "DELETE", agent });
    sent.end(at % 2 ? body : undefined);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return `${response.statusCode} ${(await response.toArray()).join("")}`;
  };
  const first = await Promise.all(Array.from({ length: 70 }, (_, at) => ask(at)));
  for (const reply of first) assert.match(reply, /^200 done$|^503 .*too-many-connections/s);
  // Now every kept connection has a request on its way, and the others are new, so none of them is idle.
  const kept = () => Object.values(agent.freeSockets).flat().length;
  await until(() => Object.keys(agent.sockets).length === 0 && kept() <= 64);
  assert.ok(kept() > 0);
  for (const reply of await Promise.all(Array.from({ length: 70 }, (_, at) => ask(at))))
    assert.match(reply, /^200 done$|^503 .*too-many-connections/s);
  agent.destroy();
});

test("refused connections hold a descriptor only briefly, and only a few at once", async () => {
  await using open = await openTestGateway(() => {}, { connections: { most: 4, perClient: 4 } });
  const busy = Array.from({ length: 4 }, () => rawClient(open.port, get));
  await until(() => open.invocations.length === 4);
  const silent = Array.from({ length: 12 }, () => rawClient(open.port));
  const cutAtOnce = () => silent.filter(({ closed }) => closed).length;
  await until(() => cutAtOnce() >= 4);
  await until(() => cutAtOnce() === 12);
  assert.ok(busy.every(({ closed }) => !closed));
  for (const { socket } of busy) socket.destroy();
});

async function connected(...clients: ReturnType<typeof rawClient>[]): Promise<void> {
  for (const { socket } of clients) await until(() => !socket.connecting);
}
