/** The proxy between a real client and a real server, with the real checks. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { createEgress } from "../egress/create-egress.ts";
import { openProxy, type Proxy } from "./proxy.ts";

const target = createServer(async (incoming, response) => {
  response.setHeader("keep-alive", "timeout=1");
  response.end(`${incoming.method} ${incoming.url} ${String(incoming.headers["proxy-connection"] ?? "-")} ${await text(incoming)}`);
});
let port: number;
let proxyPort: number;
let proxy: Proxy;

before(async () => {
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  port = (target.address() as AddressInfo).port;
  proxyPort = await freePort();
  proxy = openProxy({ host: "127.0.0.1", port: proxyPort }, createEgress({ allow: [`127.0.0.1:${port}`], bound: [`127.0.0.1:${port}`] }));
});
after(() => {
  proxy.close();
  target.close();
  target.closeAllConnections();
});

test("plain requests are passed on, with their bodies and without headers of the hop", async () => {
  const reply = await through(
    { path: `http://127.0.0.1:${port}/a?b=c`, method: "POST", headers: { "proxy-connection": "keep-alive" } },
    "body",
  );
  assert.deepEqual(reply, { status: 200, text: "POST /a?b=c - body" });
});

test("CONNECT makes a tunnel for any bytes", async () => {
  const socket = connect(proxyPort, "127.0.0.1");
  socket.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nhost: x\r\n\r\n`);
  const [established] = (await once(socket, "data")) as [Buffer];
  assert.match(String(established), /^HTTP\/1\.1 200 /);
  socket.end("GET /tunnelled HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  assert.match(await text(socket), /GET \/tunnelled/);
});

test("what may not be reached is refused, with the reason", async () => {
  const plain = await through({ path: "http://127.0.0.1:1/", method: "GET" });
  assert.equal(plain.status, 403);
  assert.match(plain.text, /may not reach 127\.0\.0\.1:1/);
  const socket = connect(proxyPort, "127.0.0.1");
  socket.write("CONNECT 169.254.169.254:80 HTTP/1.1\r\nhost: x\r\n\r\n");
  assert.match(await text(socket), /^HTTP\/1\.1 403 .*\r\n[^]*may not reach 169\.254\.169\.254/);
});

test("nonsense is refused, and harms nobody else", async () => {
  for (const nonsense of ["\0\0\0", "CONNECT :::: HTTP/1.1\r\nhost: x\r\n\r\n", "GET not-a-url HTTP/1.1\r\nhost: x\r\n\r\n"]) {
    const socket = connect(proxyPort, "127.0.0.1");
    socket.end(nonsense);
    assert.doesNotMatch(await text(socket), / 200 /);
  }
  assert.equal((await through({ path: `http://127.0.0.1:${port}/`, method: "GET" })).status, 200);
});

async function through(options: { path: string; method: string; headers?: Record<string, string> }, body = "") {
  const outgoing = request({ host: "127.0.0.1", port: proxyPort, agent: false, ...options });
  outgoing.end(body);
  const [reply] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: reply.statusCode, text: await text(reply) };
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return free;
}
