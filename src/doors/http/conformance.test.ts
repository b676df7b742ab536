/**
 * Raw requests and how the gateway responds to each: the framing rules of RFC 9112, with requests that attackers of proxies and caches
 * send. `200` means that the request reached the function; an error must be answered with the table's JSON. If it is unclear where a
 * refused request ends, nothing after it is read.
 */
import { test } from "node:test";
import assert from "node:assert/strict";
import { type ErrorCode, errorTable } from "../../base/errors/table.ts";
import { until } from "../../base/clock/until.ts";
import { openTestGateway, rawClient, replyText } from "./testing/test-gateway.ts";

const H = "host: h\r\n";
const line = "GET /app/hello HTTP/1.1\r\n";
const get = (more: string) => `${line}${H}${more}\r\n`;
const post = (more: string, body = "") => `POST /app/hello HTTP/1.1\r\n${H}${more}\r\n${body}`;

/** The bytes that are sent, the expected outcome of the first request, and the body that the function receives. */
const cases: [string, number | string, string?][] = [
  // Lines.
  [get(""), 200],
  [`\r\n${get("")}`, 200],
  ["GET /app/hello HTTP/1.0\r\n\r\n", 200],
  ["GET /app/hello\r\n", "request-timeout"],
  ["GET /app/hello HTTP/0.9\r\n\r\n", "version-not-supported"],
  [`GET /app/hello HTTP/1.2\r\n${H}\r\n`, "bad-request"],
  [`GET /app/hello HTTP/2.0\r\n${H}\r\n`, "version-not-supported"],
  ["PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "bad-request"],
  [`GET  /app/hello HTTP/1.1\r\n${H}\r\n`, 200],
  [`get /app/hello HTTP/1.1\r\n${H}\r\n`, "bad-request"],
  [`GET\t/app/hello HTTP/1.1\r\n${H}\r\n`, "bad-request"],
  [`GET /app/he llo HTTP/1.1\r\n${H}\r\n`, "bad-request"],
  [`GET /app/hello\0 HTTP/1.1\r\n${H}\r\n`, "bad-request"],
  [`GET /app/hello HTTP/1.1\n${H}\n`, "bad-request"],
  [`NOSUCH /app/hello HTTP/1.1\r\n${H}\r\n`, "bad-request"],
  ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "bad-request"],
  [`OPTIONS * HTTP/1.1\r\n${H}\r\n`, "no-such-route"],
  [`GET ftp://h/app/hello HTTP/1.1\r\n${H}\r\n`, "no-such-route"],
  [`GET http://u@h/app/hello HTTP/1.1\r\n${H}\r\n`, "no-such-route"],
  [`GET http://h/app/hello HTTP/1.1\r\n${H}\r\n`, 200],
  ["CONNECT h:1 HTTP/1.1\r\nhost: h:1\r\n\r\n", "method-not-supported"],
  // Host.
  [`${line}\r\n`, "bad-request"],
  ["GET http://h/app/hello HTTP/1.1\r\n\r\n", "bad-request"],
  [get("host: h\r\n"), "bad-request"],
  [get("HOST: other\r\n"), "bad-request"],
  [`${line}host: a b\r\n\r\n`, "bad-request"],
  [`${line}host: a/b\r\n\r\n`, "bad-request"],
  [`${line}host: u@a\r\n\r\n`, "bad-request"],
  [`${line}host: a:b:c\r\n\r\n`, "bad-request"],
  [`${line}host: \r\n\r\n`, "bad-request"],
  [`${line}host: [::1]:8080\r\n\r\n`, 200],
  [`${line}host: ::1\r\n\r\n`, "bad-request"],
  [`${line}host: [::1\r\n\r\n`, "bad-request"],
  [`${line}host: [1:2]\r\n\r\n`, "bad-request"],
  [`${line}host: h.3\r\n\r\n`, "bad-request"],
  [`${line}host: 999.1.1.1\r\n\r\n`, "bad-request"],
  [`${line}host: h:99999\r\n\r\n`, "bad-request"],
  [`${line}host: 127.0.0.1:8080\r\n\r\n`, 200],
  [`${line}host: H-1.Example.:80\r\n\r\n`, 200],
  [`GET http://h.3/app/hello HTTP/1.1\r\n${H}\r\n`, "no-such-route"],
  // Headers.
  [get("x : y\r\n"), "bad-request"],
  [get("x: a\r\n b\r\n"), "bad-request"],
  [get("x: a\rb\r\n"), "bad-request"],
  [get("x: a\0b\r\n"), "bad-request"],
  [get("x\r\n"), "bad-request"],
  [get(": y\r\n"), "bad-request"],
  [get(`x: ${"y".repeat(40_000)}\r\n`), "head-too-large"],
  [get("x: y\r\n".repeat(250)), "head-too-large"],
  [get("x: y\r\n".repeat(3_000)), "head-too-large"],
  // Lengths.
  [post("content-length: 3\r\n", "abc"), 200, "abc"],
  [post("content-length: 3\r\ncontent-length: 3\r\n", "abc"), "bad-request"],
  [post("content-length: 3\r\ncontent-length: 4\r\n", "abc"), "bad-request"],
  [post("content-length: 3, 3\r\n", "abc"), "bad-request"],
  [post("content-length: +3\r\n", "abc"), "bad-request"],
  [post("content-length: -3\r\n", "abc"), "bad-request"],
  [post("content-length: 0x3\r\n", "abc"), "bad-request"],
  [post("content-length: 3 3\r\n", "abc"), "bad-request"],
  [post("content-length: \r\n", "abc"), "bad-request"],
  [post("content-length: 99999999999999999999\r\n"), "bad-request"],
  [post("content-length: 1000001\r\n"), "body-too-large"],
  [get("content-length: 3\r\n") + "abc", 200, "abc"],
  // Transfer codings.
  [post("transfer-encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), 200, "abc"],
  [post("Transfer-Encoding: Chunked\r\n", "3;x=y\r\nabc\r\n0\r\nt: v\r\n\r\n"), 200, "abc"],
  [post("transfer-encoding: chunked\r\ncontent-length: 3\r\n", "3\r\nabc\r\n0\r\n\r\n"), "bad-request"],
  [post("content-length: 3\r\ntransfer-encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: gzip, chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), "coding-not-supported"],
  [post("transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), "coding-not-supported"],
  [post("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: xchunked\r\n", "abc"), "coding-not-supported"],
  [post("transfer-encoding: identity\r\n", "abc"), "coding-not-supported"],
  [post("transfer-encoding: \x0bchunked\r\n", "0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding : chunked\r\n", "0\r\n\r\n"), "bad-request"],
  [`POST /app/hello HTTP/1.0\r\n${H}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`, "bad-request"],
  // Chunks.
  [post("transfer-encoding: chunked\r\n", "x\r\nabc\r\n0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: chunked\r\n", "-1\r\nabc\r\n0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: chunked\r\n", "0x3\r\nabc\r\n0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: chunked\r\n", "ffffffffffffffff1\r\nabc\r\n0\r\n\r\n"), "bad-request"],
  [post("transfer-encoding: chunked\r\n", `3;${"x".repeat(20_000)}\r\nabc\r\n0\r\n\r\n`), "bad-request"],
  [post("transfer-encoding: chunked\r\n", `3;x\0\r\nabc\r\n0\r\n\r\n`), "bad-request"],
  // Expectations and upgrades.
  [post("expect: 200-ok\r\ncontent-length: 3\r\n", "abc"), "expectation-failed"],
  [post("expect: 100-continue, x\r\ncontent-length: 3\r\n", "abc"), "expectation-failed"],
  [post("connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 3\r\n", "abc"), "upgrade-not-supported"],
  [get("connection: upgrade\r\nupgrade: websocket, h2c\r\n"), 200],
  [get("connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAAA\r\n"), 200],
  [post("connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 3\r\n", "abc"), 200, "abc"],
  // Routes.
  [`GET /_mayfly/health HTTP/1.1\r\n${H}\r\n`, 200],
  [`HEAD /_mayfly/health HTTP/1.1\r\n${H}\r\n`, 200],
  [`GET /_mayfly/other HTTP/1.1\r\n${H}\r\n`, "no-such-route"],
  [`GET /../app/hello HTTP/1.1\r\n${H}\r\n`, "no-such-route"],
  [`GET //app/hello HTTP/1.1\r\n${H}\r\n`, "no-such-route"],
];

test("each request is answered as HTTP and the error table demand, and the connection stays in step", { timeout: 300_000 }, async () => {
  await using open = await openTestGateway(
    (seen) => {
      const done = () => {
        if (seen.aborted) return;
        if (seen.request.body === null || seen.bodyEnded) replyText(seen, "reached");
        else setImmediate(done);
      };
      done();
    },
    { limits: { headMs: 1_000 } },
  );
  const wrong: string[] = [];
  for (const [sent, expected, body = ""] of cases) {
    const client = rawClient(open.port, "");
    client.socket.write(Buffer.from(sent, "latin1"));
    // Wait for all replies: bytes wrongly taken for a second request would get a second reply.
    await until(() => isWhole(client.text, sent) || client.closed);
    client.socket.destroy();
    const got = outcome(client.text);
    const arrived = expected === 200 && body !== "" ? Buffer.concat(open.invocations.at(-1)!.body).toString() : "";
    // Every URL that reaches a function must parse.
    if (got === "200" && open.invocations.some(({ input }) => !URL.canParse(input.url))) wrong.push(sent);
    if (got !== String(expected) || arrived !== body) wrong.push(`${JSON.stringify(sent.slice(0, 120))}: ${got} ${arrived}`);
  }
  assert.deepEqual(wrong, []);
  assert.equal((await fetch(`${open.url}/_mayfly/health`)).status, 200);
});

function isWhole(text: string, sent: string): boolean {
  return sent.startsWith("HEAD") ? text.endsWith("\r\n\r\n") : /\r\n\r\n[^]*(?:reached|}\n)$/.test(text);
}

/** "200", or the code of the error if the reply is in the table's form. */
function outcome(text: string): string {
  const replies = text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
  if (replies.length !== 1) return `${replies.length} replies: ${text}`;
  const status = Number(replies[0]?.slice(9));
  if (status === 200) return "200";
  const { error } = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)) as { error: { code: ErrorCode; message: string } };
  return errorTable[error.code].status === status && !error.message.includes("{") ? error.code : text;
}
