/** What the gateway notes of requests for the access log. */
import assert from "node:assert/strict";
import { connect } from "node:http2";
import { once } from "node:events";
import { test } from "node:test";
import { until } from "../../base/clock/until.ts";
import { systemClock } from "../../base/clock/clock.ts";
import type { Access } from "../../telemetry/access-log/access-line.ts";
import { openTestGateway, rawClient, replyText, timing } from "./testing/test-gateway.ts";

type Act = Parameters<typeof openTestGateway>[0];

async function noting(act: Act, more: Parameters<typeof openTestGateway>[1] = {}) {
  const noted: Access[] = [];
  const log = { withQueries: false, write: (access: Access) => void noted.push({ ...access }) };
  const open = await openTestGateway(act, { noting: { log, clock: systemClock, tenantName: (id) => `tenant ${id}` }, ...more });
  const one = async () => {
    await until(() => noted.length > 0, { what: "a line" });
    return noted.shift()!;
  };
  return { open, one, noted };
}

test("a call is noted with its app, function, invocation and trace, and without its query", async () => {
  const { open, one } = await noting((seen) => replyText(seen, "hällo"));
  await using _ = open;
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await (await fetch(`${open.url}/app/hello?secret=1`, { headers: { traceparent, "user-agent": "tests", referer: "http://r/" } })).text();
  const { at, ms, ...access } = await one();
  assert.ok(Math.abs(at - Date.now()) < 60_000 && ms >= 0);
  assert.deepEqual(access, {
    client: "127.0.0.1",
    method: "GET",
    host: `127.0.0.1:${open.port}`,
    path: "/app/hello",
    version: "1.1",
    status: 200,
    // As they were sent: ä is two bytes.
    bytes: 6,
    complete: true,
    tenant: access.tenant,
    app: "app",
    function: "hello",
    invocation: "t-1",
    trace: "0af7651916cd43dd8448eb211c80319c",
    error: undefined,
    userAgent: "tests",
    referer: "http://r/",
  });
  assert.match(access.tenant!, /^tenant ./);
});

test("errors, the health, a reply to HEAD and a streamed one are noted as the client got them", async () => {
  const { open, one } = await noting((seen) => {
    if (seen.input.method === "HEAD") return replyText(seen, "unsent");
    setImmediate(() => {
      seen.reply.head(201, [], Buffer.from("a"), false, timing);
      seen.reply.data(Buffer.from("bcd"));
      seen.reply.end();
    });
  });
  await using _ = open;
  const ask = async (path: string, method = "GET") => {
    const body = await (await fetch(open.url + path, { method })).text();
    const { status, bytes, error, complete } = await one();
    return [status, bytes === Buffer.byteLength(body), error, complete];
  };
  assert.deepEqual(await ask("/nowhere/at/all"), [404, true, "no-such-route", true]);
  assert.deepEqual(await ask("/_mayfly/health"), [200, true, undefined, true]);
  assert.deepEqual(await ask("/app/hello", "HEAD"), [200, true, undefined, true]);
  assert.deepEqual(await ask("/app/hello"), [201, true, undefined, true]);
});

test("a client that goes away before its answer is noted with the status 0", async () => {
  const { open, one } = await noting(() => undefined);
  await using _ = open;
  const client = rawClient(open.port, "GET /app/hello HTTP/1.1\r\nHost: h\r\n\r\n");
  await until(() => open.invocations.length === 1, { what: "the call" });
  client.socket.destroy();
  const { status, complete, host } = await one();
  assert.deepEqual([status, complete, host], [0, false, "h"]);
});

test("requests over HTTP/2 are noted like others", async () => {
  const { open, one } = await noting((seen) => replyText(seen, "two"));
  await using _ = open;
  const session = connect(open.url);
  const stream = session.request({ ":path": "/app/other" });
  stream.resume();
  await once(stream, "close");
  session.close();
  const { version, status, bytes, function: name } = await one();
  assert.deepEqual([version, status, bytes, name], ["2.0", 200, 3, "other"]);
});
