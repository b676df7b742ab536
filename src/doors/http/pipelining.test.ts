import { test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../base/clock/until.ts";
import { openTestGateway, rawClient, replyText, timing } from "./testing/test-gateway.ts";

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nhost: h.test:80\r\n${more}\r\n`;
const post = (path: string, body: string) => `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const chunked = (path: string) =>
  `POST ${path} HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nx: y\r\n\r\n`;

test("pipelined requests are called one after the other, and get their replies in order", async () => {
  await using open = await openTestGateway(() => {});
  const sent = [
    get("/app/hello/1"),
    post("/app/hello/2", "body2"),
    chunked("/app/hello/3"),
    get("/app/hello/4"),
    get("/none/5"),
    get("/app/hello/6"),
  ];
  const client = rawClient(open.port, sent.join(""));
  const bodies = [];
  for (const [at, n] of [1, 2, 3, 4, 6].entries()) {
    await until(() => open.invocations.length === at + 1);
    const seen = open.invocations[at]!;
    assert.equal(new URL(seen.input.url).pathname, `/${n}`);
    if (seen.request.body === "stream") await until(() => seen.bodyEnded);
    bodies.push(Buffer.concat(seen.body).toString());
    seen.reply.head(200, [], Buffer.from(`<${n}`), false, timing);
    seen.reply.data(Buffer.from(`${n}>`));
    assert.equal(open.invocations.length, at + 1, "the next one waits for the end of the reply");
    seen.reply.end();
  }
  await until(() => client.text.includes("6>"));
  assert.deepEqual(client.text.match(/<\d|\d>|code":"no-such-route"/g), [
    "<1",
    "1>",
    "<2",
    "2>",
    "<3",
    "3>",
    "<4",
    "4>",
    'code":"no-such-route"',
    "<6",
    "6>",
  ]);
  assert.deepEqual(bodies, ["", "body2", "abcd", "", ""]);
  // The last requests arrive in pieces, while another request is already waiting.
  for (const piece of [get("/app/hello/7"), get("/app/hello/8").slice(0, 10), get("/app/hello/8").slice(10)]) client.send(piece);
  await until(() => open.invocations.length === 6);
  replyText(open.invocations[5]!, "<7>");
  await until(() => open.invocations.length === 7);
  client.socket.destroy();
  await until(() => open.invocations[6]!.aborted);
});

test("large bodies that are pipelined wait their turn, whether the one before was read or not", async () => {
  for (const takes of [true, false]) {
    await using open = await openTestGateway((seen) => (seen.takes = takes));
    const body = "x".repeat(400_000);
    const client = rawClient(open.port, post("/app/hello", body).repeat(3) + get("/app/hello/last"));
    for (let n = 0; n < 3; n++) {
      await until(() => (open.invocations[n]?.body.length ?? 0) > 0);
      const seen = open.invocations[n]!;
      await pause(20);
      assert.equal(open.invocations.length, n + 1);
      if (takes) await until(() => seen.bodyEnded);
      replyText(seen, `<${n}>`);
    }
    await until(() => open.invocations.length === 4);
    replyText(open.invocations[3]!, "<3>");
    await until(() => client.text.endsWith("<3>"));
    assert.deepEqual(client.text.match(/<\d>/g), ["<0>", "<1>", "<2>", "<3>"]);
    client.socket.destroy();
  }
});

test("a client that goes away aborts its call, none that it pipelined is begun, and late replies harm nothing", async () => {
  await using open = await openTestGateway(() => {});
  const client = rawClient(open.port, get("/app/hello/1") + get("/app/hello/2"));
  await until(() => open.invocations.length === 1);
  client.socket.destroy();
  await until(() => open.invocations[0]!.aborted);
  const { reply } = open.invocations[0]!;
  reply.head(200, [], Buffer.from("late"), false, timing);
  reply.data(Buffer.from("late"));
  reply.end();
  reply.fail("function-threw", {});
  reply.drain();
  assert.equal((await fetch(`${open.url}/_mayfly/health`)).status, 200);
  assert.equal(open.invocations.length, 1);
});

test("2,000 pipelined requests on each of 50 connections are answered one a connection at a time, and hold up nobody", async () => {
  let most = 0;
  let underWay = 0;
  await using open = await openTestGateway((seen) => {
    most = Math.max(most, (underWay += 1));
    setImmediate(() => {
      underWay -= 1;
      seen.reply.head(200, [], Buffer.from("!"), true, timing);
    });
  });
  const burst = get("/app/hello").repeat(2_000);
  const clients = Array.from({ length: 50 }, () => rawClient(open.port, burst));
  await until(() => open.invocations.length > 500);
  // If the gateway answered the bursts first, this request would wait behind 100,000 others.
  assert.equal((await fetch(`${open.url}/_mayfly/health`)).status, 200);
  assert.ok(open.invocations.length < 50_000, `${open.invocations.length} calls went before it`);
  assert.ok(most <= 50, `${most} calls were under way`);
  for (const client of clients.slice(1)) client.socket.destroy();
  await until(() => clients[0]!.text.split("HTTP/1.1 200").length === 2_001);
  clients[0]!.socket.destroy();
});

test("while a request is in progress, only a bounded amount of the following data is read", async () => {
  await using open = await openTestGateway(() => {});
  const client = rawClient(open.port, get("/app/hello/1"));
  await until(() => open.invocations.length === 1);
  const pieces = Array.from({ length: 640 }, () => Buffer.from(get("/app/hello/2").repeat(2_500)));
  let taken = 0;
  for (const piece of pieces) client.socket.write(piece, (error) => void (taken += error ? 0 : piece.length));
  let still = -1;
  while (still !== taken) {
    still = taken;
    await pause(300);
  }
  // The bytes counted here fill the kernel's socket buffers, which hold some megabytes.
  assert.ok(taken < 24_000_000, `${taken} bytes were taken of 64 MB`);
  client.socket.destroy();
  await until(() => open.invocations[0]!.aborted || client.closed);
});

test("data after a request that is not valid HTTP is refused after the request's reply", async () => {
  const behind: [string, RegExp][] = [
    ["rubbish\r\n\r\n", /"code":"bad-request"/],
    ["CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", /"code":"method-not-supported"/],
    [get("/app/hello", "connection: upgrade\r\nupgrade: websocket\r\n"), /"code":"upgrade-not-supported"/],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /"code":"bad-request"/],
  ];
  for (const [sent, expected] of behind) {
    await using open = await openTestGateway(() => {});
    const client = rawClient(open.port, get("/app/hello") + sent + get("/app/hello"));
    await until(() => open.invocations.length === 1);
    replyText(open.invocations[0]!, "whole");
    await until(() => client.closed);
    const [, first, second, ...more] = client.text.split("HTTP/1.1 ");
    assert.match(first!, /^200 .*whole$/s);
    assert.match(second!, expected);
    assert.deepEqual([more.length, open.invocations.length], [0, 1], sent);
  }
});
