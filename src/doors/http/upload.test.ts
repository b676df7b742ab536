import { test } from "node:test";
import assert from "node:assert/strict";
import { until } from "../../base/clock/until.ts";
import { openTestGateway, rawClient, replyText } from "./testing/test-gateway.ts";

const post = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nhost: h\r\n${more}\r\n`;

test("bodies of known and of unknown length stream in", async () => {
  await using open = await openTestGateway(() => {});
  const client = rawClient(open.port, `${post("/app/hello", "content-length: 10\r\n")}12345`);
  await until(() => open.invocations[0]?.body.length === 1);
  assert.equal(open.invocations[0]!.request.body, "stream");
  assert.equal(open.invocations[0]!.bodyEnded, false);
  client.send("67890");
  await until(() => open.invocations[0]!.bodyEnded);
  replyText(open.invocations[0]!, "one");
  await until(() => client.text.endsWith("one"));
  client.send(`${post("/app/hello", "transfer-encoding: chunked\r\n")}3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`);
  await until(() => open.invocations[1]?.bodyEnded === true);
  assert.equal(Buffer.concat(open.invocations[1]!.body).toString(), "abcdef");
  assert.ok(!open.invocations[1]!.input.headers.some((header) => header.toLowerCase() === "transfer-encoding"));
  client.socket.destroy();
});

test("a client is paused until the guest takes more", async () => {
  await using open = await openTestGateway((seen) => (seen.takes = false));
  const client = rawClient(open.port, post("/app/hello", "content-length: 900000\r\n"));
  client.send(Buffer.alloc(900_000, "x"));
  await until(() => open.invocations[0]?.body.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const seen = open.invocations[0]!;
  assert.equal(seen.body.length, 1);
  seen.takes = true;
  seen.reply.drain();
  await until(() => seen.bodyEnded);
  assert.equal(Buffer.concat(seen.body).length, 900_000);
  client.socket.destroy();
});

test("a body over the limit is refused, by its length or by its bytes", async () => {
  await using open = await openTestGateway(() => {});
  const known = rawClient(open.port, post("/app/hello", "content-length: 1000001\r\n"));
  await until(() => known.text.endsWith("}\n"));
  assert.match(known.text, /^HTTP\/1.1 413 .*"code":"body-too-large"/s);
  assert.equal(open.invocations.length, 0);
  const counted = rawClient(open.port, post("/single/only", "transfer-encoding: chunked\r\n"));
  for (let n = 0; n < 3; n += 1) {
    counted.send(`190\r\n${"x".repeat(0x190)}\r\n`);
    await until(() => open.invocations[0] !== undefined && (open.invocations[0].aborted || open.invocations[0].body.length > n));
  }
  await until(() => counted.text.endsWith("}\n"));
  assert.match(counted.text, /^HTTP\/1.1 413/);
  assert.ok(open.invocations[0]!.aborted);
  known.socket.destroy();
  counted.socket.destroy();
});

test("a client that keeps sending an unwanted body is disconnected", async () => {
  await using open = await openTestGateway(() => {}, { limits: { lingerMs: 100 } });
  const client = rawClient(open.port, post("/app/hello", "content-length: 1000001\r\n"));
  await until(() => client.text.endsWith("}\n"));
  await until(() => client.closed);
});

test("after an unwanted body ends, the connection continues", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "early"));
  const client = rawClient(open.port, `${post("/app/hello", "content-length: 10\r\n")}12345`);
  await until(() => client.text.endsWith("early"));
  client.send(`67890${post("/app/hello", "content-length: 2\r\n")}ok`);
  await until(() => (client.text.match(/early/g) ?? []).length === 2);
  client.socket.destroy();
});

test("a body that stops coming ends the call", async () => {
  await using open = await openTestGateway(() => {}, { limits: { idleMs: 100 } });
  const client = rawClient(open.port, `${post("/app/hello", "content-length: 10\r\n")}12345`);
  await until(() => client.text.endsWith("}\n"));
  assert.match(client.text, /^HTTP\/1.1 408 .*"code":"request-timeout"/s);
  assert.ok(open.invocations[0]!.aborted);
  client.socket.destroy();
});

test("while a function takes its time, its client does not count as slow", async () => {
  await using open = await openTestGateway((seen) => (seen.takes = false), { limits: { idleMs: 50 } });
  const client = rawClient(open.port, `${post("/app/hello", "content-length: 10\r\n")}12345`);
  await until(() => open.invocations[0]?.body.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(open.invocations[0]!.aborted, false);
  client.socket.destroy();
});

test("100 Continue is sent only if the body is wanted", async () => {
  await using open = await openTestGateway((seen) => seen.request.body === "stream" || replyText(seen, "x"));
  const expect = "expect: 100-continue\r\n";
  const wanted = rawClient(open.port, post("/app/hello", `${expect}content-length: 2\r\n`));
  await until(() => wanted.text.startsWith("HTTP/1.1 100 Continue"));
  wanted.send("ok");
  await until(() => open.invocations[0]!.bodyEnded);
  assert.ok(!open.invocations[0]!.input.headers.includes("expect"));
  const refused = rawClient(open.port, post("/app/hello", `${expect}content-length: 1000001\r\n`));
  await until(() => refused.closed);
  assert.match(refused.text, /^HTTP\/1.1 413/);
  wanted.socket.destroy();
});

test("a client that goes away in the middle of its body aborts the call", async () => {
  await using open = await openTestGateway(() => {});
  const client = rawClient(open.port, `${post("/app/hello", "content-length: 10\r\n")}12345`);
  await until(() => open.invocations[0]?.body.length === 1);
  client.socket.destroy();
  await until(() => open.invocations[0]!.aborted);
});
