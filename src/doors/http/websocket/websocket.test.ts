/** Connections that ask to go on as WebSockets, at the gateway, before a dispatcher that does as the test says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { FakeClock } from "../../../dispatch/testing/fake-clock.ts";
import { until } from "../../../base/clock/until.ts";
import { manifestSchema } from "../../../store/catalog/manifest.ts";
import { signPath } from "../../../store/catalog/signed-path.ts";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { mainTenant } from "../../../base/ids/new-id.ts";
import { createTestGate } from "../../access/testing/test-gate.ts";
import { openTestGateway, rawClient, replyText, timing, type Seen } from "../testing/test-gateway.ts";

const asking = (path = "/app/hello/chat?room=1", more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: h.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: key\r\n${more}\r\n`;
const agreed = ["Sec-WebSocket-Accept", "yes", "Date", "never"];
const agree = (seen: Seen, body = "") => setImmediate(() => seen.reply.head(101, [...agreed], Buffer.from(body), false, timing));
/** A whole text frame of a server. */
const frame = (text: string) => Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
const closed = (text: string) => /\x88(.)\x03(.)([a-z-]+)$/s.exec(text)?.slice(2);
const code = (low: number) => String.fromCharCode(low);

test("a WebSocket's request reaches its function as it came, and then bytes go both ways", async () => {
  await using open = await openTestGateway((seen) => agree(seen, "early"));
  const client = rawClient(open.port, `${asking()}behind`);
  await until(() => client.text.endsWith("early"));
  const { request, input, ...seen } = open.invocations[0]!;
  assert.deepEqual([request.function, request.body, request.input.kind], ["hello", "stream", "upgrade"]);
  assert.deepEqual([input.method, input.url], ["GET", "http://h.test/chat?room=1"]);
  assert.ok(input.headers.includes("Sec-WebSocket-Key") && !input.headers.some((name) => /^(connection|upgrade)$/i.test(name)));
  assert.match(
    client.text,
    /^HTTP\/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: yes\r\n/,
  );
  assert.match(client.text, /x-mayfly-invocation: t-1\r\n/);
  assert.ok(!/never|Connection: close/i.test(client.text));
  await until(() => Buffer.concat(seen.body).toString() === "behind");
  client.send("more");
  await until(() => Buffer.concat(seen.body).toString() === "behindmore");
  open.invocations[0]!.reply.data(Buffer.from("answer"));
  await until(() => client.text.endsWith("earlyanswer"));
  await until(() => open.invocations[0]!.consumed === 11);
  open.invocations[0]!.reply.end();
  await until(() => client.closed);
});

test("a function that refuses answers as to any request, and its reply ends the connection", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "no"));
  const client = rawClient(open.port, asking());
  await until(() => client.closed);
  assert.match(client.text, /^HTTP\/1.1 200 OK\r\n.*\r\nconnection: close\r\n\r\nno$/is);
});

test("errors, refusals and other protocols are answered in HTTP", async () => {
  await using open = await openTestGateway((seen) =>
    setImmediate(() => seen.reply.fail("upgrade-not-supported", { protocol: "websocket" })),
  );
  const cases: [string, RegExp][] = [
    [asking(), /^HTTP\/1.1 501 .*"code":"upgrade-not-supported"/s],
    [asking("/none/x"), /^HTTP\/1.1 404 .*"code":"no-such-route"/s],
    [asking("/app/hello").replace("GET", "POST"), /^HTTP\/1.1 501 .*"code":"upgrade-not-supported"/s],
    [asking("/app/hello", "Content-Length: 2\r\n"), /^HTTP\/1.1 501 .*"code":"upgrade-not-supported"/s],
    [asking("/_mayfly/health"), /^HTTP\/1.1 200 .*"ok"/s],
    [asking("/app/hello", "Host: other\r\n"), /^HTTP\/1.1 400 .*"code":"bad-request"/s],
  ];
  for (const [request, expected] of cases) {
    const client = rawClient(open.port, request);
    await until(() => expected.test(client.text));
    client.socket.destroy();
  }
  assert.equal(open.invocations.length, 1);
});

test("the gateway ends a connection by a Close frame that says why, but not within a frame nor twice", async () => {
  await using open = await openTestGateway((seen) => agree(seen));
  const open1 = async () => {
    const at = open.invocations.length;
    const client = rawClient(open.port, asking());
    await until(() => client.text.endsWith("\r\n\r\n"));
    return { client, reply: open.invocations[at]!.reply };
  };
  const drained = await open1();
  drained.reply.data(frame("whole"));
  drained.reply.fail("connection-drained", {});
  await until(() => drained.client.closed);
  assert.deepEqual(closed(drained.client.text), [code(1_012 - 768), "connection-drained"]);
  const expired = await open1();
  expired.reply.fail("connection-expired", {});
  await until(() => expired.client.closed);
  assert.deepEqual(closed(expired.client.text), [code(1_001 - 768), "connection-expired"]);
  const died = await open1();
  died.reply.fail("machine-died", { reason: "secret" });
  await until(() => died.client.closed);
  assert.deepEqual(closed(died.client.text), [code(1_011 - 768), "machine-died"]);
  for (const before of [frame("half").subarray(0, 3), frame("half").subarray(0, 1), Buffer.from([0x88, 2, 3, 232])]) {
    const { client, reply } = await open1();
    reply.data(before);
    reply.fail("connection-drained", {});
    await until(() => client.closed);
    assert.ok(client.text.endsWith(`\r\n\r\n${before.toString("latin1")}`));
  }
});

test("a connection that is silent for too long is ended, and one with traffic goes on", async () => {
  const clock = new FakeClock();
  await using open = await openTestGateway((seen) => agree(seen), { clock, webSockets: { idleMs: 5_000 } });
  const client = rawClient(open.port, asking());
  await until(() => client.text.endsWith("\r\n\r\n"));
  const seen = open.invocations[0]!;
  for (let count = 1; count <= 4; count += 1) {
    await clock.advance(3_000);
    client.send("x");
    await until(() => Buffer.concat(seen.body).length === count);
  }
  for (let count = 0; count < 4; count += 1) {
    await clock.advance(3_000);
    seen.reply.data(frame("y"));
  }
  await until(() => client.text.endsWith("y"));
  assert.equal(seen.aborted, false);
  await clock.advance(7_000);
  await until(() => client.closed);
  assert.deepEqual([seen.aborted, closed(client.text)], [true, [code(1_001 - 768), "connection-idle"]]);
});

test("a connection is ended soon after what opened it no longer counts: a revoked token, a JWT that has ended, a replaced key of signed URLs", async (t) => {
  const clock = new FakeClock();
  const pair = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: "1" };
  const { gate, tokens, clock: wall, signingKey } = createTestGate();
  tokens.set("good", { id: "prin_1", name: "ada", role: "invoker" });
  await using open = await openTestGateway((seen) => agree(seen), { clock, gate });
  const jwtRule = { issuer: "https://id.test", audience: "chat", keys: { keys: [jwk] } };
  const functions = {
    held: { entry: "a.ts", access: "token" },
    signed: { entry: "a.ts", access: "signed-url" },
    users: { entry: "a.ts", access: { jwt: jwtRule } },
  };
  open.routes.setApp({ app: "guarded", tenant: mainTenant, manifest: manifestSchema.parse({ name: "guarded", functions }) });
  const seconds = () => Math.floor(wall.wall() / 1_000);
  const jwt = await new SignJWT({ sub: "ada" })
    .setProtectedHeader({ alg: "ES256", kid: "1" })
    .setIssuer("https://id.test")
    .setAudience("chat")
    .setExpirationTime(seconds() + 60)
    .sign(pair.privateKey);
  const bearer = (text: string) => `Authorization: Bearer ${text}\r\n`;
  const signed = signPath(signingKey, { function: "signed", method: "GET", path: "/room" }, seconds() + 60);
  const [all, held, users, byUrl] = [
    rawClient(open.port, asking("/app/hello", bearer("good"))),
    rawClient(open.port, asking("/guarded/held", bearer("good"))),
    rawClient(open.port, asking("/guarded/users", bearer(jwt))),
    rawClient(open.port, asking(`/guarded/signed${signed}`)),
  ];
  afterwards(t, () => [all, held, users, byUrl].forEach(({ socket }) => socket.destroy()));
  for (const client of [all, held, users, byUrl]) await until(() => client.text.endsWith("\r\n\r\n"));
  const pass = async (ms: number) => {
    wall.ms += ms;
    await clock.advance(10_000);
    // What is said on a connection arrives after the end of one that was ended meanwhile would have.
    for (const client of [all, held, users, byUrl]) if (!client.closed) client.send("x");
  };
  const isClosed = (client: typeof all) => closed(client.text)?.[1] === "credentials-refused";
  const order = open.invocations.map(({ request }) => request.function);
  assert.equal(new Set(order).size, 4, order.join(" "));
  const bytesOf = (name: string) => Buffer.concat(open.invocations.find(({ request }) => request.function === name)!.body).length;

  await pass(59_000);
  for (const name of ["hello", "held", "users", "signed"]) await until(() => bytesOf(name) === 1);
  tokens.delete("good");
  await pass(1_000);
  await until(() => held.closed);
  assert.ok(isClosed(held));
  for (const name of ["hello", "users", "signed"]) await until(() => bytesOf(name) === 2);
  // Its end and the tolerance of five seconds.
  await pass(6_000);
  await until(() => users.closed);
  assert.ok(isClosed(users));
  for (const name of ["hello", "signed"]) await until(() => bytesOf(name) === 3);
  // The URL says until when a connection may begin, not how long one lasts.
  await pass(3_600_000);
  for (const name of ["hello", "signed"]) await until(() => bytesOf(name) === 4);
  signingKey.fill(1);
  await pass(0);
  await until(() => byUrl.closed);
  assert.ok(isClosed(byUrl));
  await until(() => bytesOf("hello") === 5);
});

test("clients that leave, before or after the function has agreed, end the invocation", async () => {
  await using open = await openTestGateway((seen) => {
    if (open.invocations.length > 1) agree(seen);
  });
  const early = rawClient(open.port, asking());
  await until(() => open.invocations.length === 1);
  early.socket.end();
  await until(() => open.invocations[0]!.aborted);
  const late = rawClient(open.port, asking());
  await until(() => late.text.endsWith("\r\n\r\n"));
  late.socket.resetAndDestroy();
  await until(() => open.invocations[1]!.aborted);
});

test("a client that closes its half ends the function's input, and does not stay for ever", async () => {
  const clock = new FakeClock();
  await using open = await openTestGateway((seen) => agree(seen), { clock });
  const client = rawClient(open.port, asking(), true);
  await until(() => client.text.endsWith("\r\n\r\n"));
  client.socket.end("last");
  const seen = open.invocations[0]!;
  await until(() => seen.bodyEnded);
  assert.equal(Buffer.concat(seen.body).toString(), "last");
  seen.reply.data(frame("goodbye"));
  await until(() => client.text.endsWith("goodbye"));
  for (let ms = 0; ms < 15_000; ms += 1_000) await clock.advance(1_000);
  await until(() => client.closed);
  await until(() => seen.aborted);
});

test("what a client sends faster than the function takes it stays with the client", async () => {
  await using open = await openTestGateway((seen) => {
    seen.takes = false;
    agree(seen);
  });
  const client = rawClient(open.port, asking());
  await until(() => client.text.endsWith("\r\n\r\n"));
  const seen = open.invocations[0]!;
  const chunk = Buffer.alloc(1_048_576);
  for (let count = 0; count < 16; count += 1) client.socket.write(chunk);
  await until(() => seen.body.length > 0);
  const held = () => seen.body.reduce((sum, each) => sum + each.length, 0);
  const first = held();
  assert.ok(first <= 1_048_576, `${first} bytes were handed over before a drain`);
  while (held() < 16 * 1_048_576) {
    const before = held();
    seen.reply.drain();
    await until(() => held() > before);
  }
  client.socket.destroy();
});

test("an app has a bounded number of connections, and others have room beside it", async () => {
  await using open = await openTestGateway((seen) => agree(seen), { webSockets: { mostOfApp: 2, most: 3 } });
  const clients = [rawClient(open.port, asking()), rawClient(open.port, asking())];
  await until(() => clients.every(({ text }) => text.includes(" 101 ")));
  const third = rawClient(open.port, asking());
  await until(() => third.closed);
  assert.match(third.text, /^HTTP\/1.1 503 .*"code":"too-many-websockets"/s);
  const other = rawClient(open.port, asking("/single/x"));
  await until(() => other.text.includes(" 101 "));
  const fourth = rawClient(open.port, asking("/single/x"));
  await until(() => fourth.text.includes('"too-many-connections"'));
  clients[0]!.socket.resetAndDestroy();
  await until(() => open.invocations[0]!.aborted);
  const again = rawClient(open.port, asking());
  await until(() => again.text.includes(" 101 "));
});

test("a client and a tenant leave connections to others", async () => {
  const webSockets = { most: 8, mostOfClient: 2 };
  await using open = await openTestGateway((seen) => agree(seen), { webSockets, trustedProxies: ["127.0.0.1"] });
  const from = (client: string, path?: string) =>
    rawClient(open.port, asking(path, `X-Forwarded-For: ${client}\r\nX-Forwarded-Proto: http\r\n`));
  const clients = [from("192.0.2.1"), from("192.0.2.1")];
  await until(() => clients.every(({ text }) => text.includes(" 101 ")));
  const third = from("192.0.2.1", "/single/x");
  await until(() => third.closed);
  assert.match(third.text, /This client has its maximum of 2 open WebSockets/);
  for (let at = 2; at < 6; at += 1) clients.push(from(`192.0.2.${at}`));
  await until(() => clients.every(({ text }) => text.includes(" 101 ")));
  // Six are open and two free, so that a tenant may have six.
  const seventh = from("192.0.2.9");
  await until(() => seventh.closed);
  assert.match(seventh.text, /The tenant of app app has its maximum of 6 open WebSockets/);
  open.routes.setApp({
    app: "theirs",
    tenant: "t-other",
    manifest: manifestSchema.parse({ name: "theirs", functions: { f: { entry: "f.ts" } } }),
  });
  const theirs = from("192.0.2.10", "/theirs/f");
  await until(() => theirs.text.includes(" 101 "));
  for (const { socket } of [...clients, theirs]) socket.destroy();
});
