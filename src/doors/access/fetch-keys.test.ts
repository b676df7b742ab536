/** Keys are fetched over the connections that apps may have, from a real server. */
import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { listening } from "../../base/testing/listening.ts";
import { createEgress } from "../../egress/create-egress.ts";
import { certificate } from "../http/test-certificate.ts";
import { createFetchKeys } from "./fetch-keys.ts";

/** @param allowed what the operator lets apps reach */
function fetching(allowed: string[], signal = new AbortController().signal) {
  const fetchKeys = createFetchKeys((app, isPlain) => createEgress({ allow: allowed, bound: allowed, app, only: isPlain }));
  return (url: string) => fetchKeys("app_1", new URL(url), signal);
}

async function serverOf(context: TestContext, onRequest: RequestListener): Promise<number> {
  const server = createServer(onRequest);
  const port = await listening(server);
  afterwards(context, () => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}

test("a set is fetched, with the URL's path and query, from an address that the operator lists", async (context) => {
  const asked: unknown[] = [];
  const port = await serverOf(context, (request, response) => {
    asked.push([request.method, request.url, request.headers.host, request.headers.authorization]);
    response.end('{"keys":[]}');
  });
  const fetchKeys = fetching([`127.0.0.1:${port}`, `localhost:${port}`]);
  assert.equal(await fetchKeys(`http://127.0.0.1:${port}/a/keys?b=c`), '{"keys":[]}');
  assert.equal(await fetchKeys(`http://localhost:${port}/`), '{"keys":[]}');
  assert.deepEqual(asked, [
    ["GET", "/a/keys?b=c", `127.0.0.1:${port}`, undefined],
    ["GET", "/", `localhost:${port}`, undefined],
  ]);
});

test("addresses of this host and private ones are not reached, by number or by name, with TLS or without", async (context) => {
  let asked = 0;
  const port = await serverOf(context, (_request, response) => {
    asked += 1;
    response.end("{}");
  });
  const fetchKeys = fetching([]);
  for (const host of [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
    "2130706433",
    "0x7f.1",
    "169.254.169.254",
    "10.0.0.1",
  ])
    for (const scheme of ["http", "https"])
      await assert.rejects(fetchKeys(`${scheme}://${host}:${port}/`), { code: "egress-denied" }, `${scheme}://${host}`);
  assert.equal(asked, 0);
});

test("without TLS, not even a public address is reached that the operator does not list", async () => {
  await assert.rejects(fetching(["10.0.0.1:80"])("http://192.0.32.10/keys"), { code: "egress-denied" });
});

test("redirects are not followed, and other answers than 200 are none", async (context) => {
  let asked = 0;
  const port = await serverOf(context, (request, response) => {
    asked += 1;
    response.writeHead(request.url === "/moved" ? 302 : Number(request.url!.slice(1)), { location: "/200" });
    response.end('{"keys":[]}');
  });
  const fetchKeys = fetching([`127.0.0.1:${port}`]);
  for (const path of ["moved", "201", "404", "500"]) await assert.rejects(fetchKeys(`http://127.0.0.1:${port}/${path}`), /status/);
  assert.equal(asked, 4);
});

test("an answer that is too long, or ends early, is refused, and one without an end is given up", async (context) => {
  const port = await serverOf(context, (request, response) => {
    response.writeHead(200, request.url === "/long" ? {} : { "content-length": "100" });
    response.write(request.url === "/long" ? "x".repeat(200_000) : "x");
    if (request.url === "/early") setImmediate(() => response.destroy());
  });
  const allowed = [`127.0.0.1:${port}`];
  await assert.rejects(fetching(allowed)(`http://127.0.0.1:${port}/long`), /more than/);
  await assert.rejects(fetching(allowed)(`http://127.0.0.1:${port}/early`));
  await assert.rejects(fetching(allowed, AbortSignal.timeout(100))(`http://127.0.0.1:${port}/endless`));
});

test("what is no HTTP, and a server that closes at once, are refused", async (context) => {
  const server = createTcpServer((socket) => socket.end("SSH-2.0-x\r\n"));
  const port = await listening(server);
  afterwards(context, () => void server.close());
  await assert.rejects(fetching([`127.0.0.1:${port}`])(`http://127.0.0.1:${port}/`));
});

test("a certificate that this host does not trust is refused", async (context) => {
  let asked = 0;
  const server = createTlsServer(certificate, (_request, response) => {
    asked += 1;
    response.end('{"keys":[]}');
  });
  const port = await listening(server);
  afterwards(context, () => void server.close());
  await assert.rejects(fetching([`localhost:${port}`])(`https://localhost:${port}/keys`), /self.signed|certificate/i);
  assert.equal(asked, 0);
});
