/** The proxy between a real client and a real server, with the real checks. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test, type TestContext } from "node:test";
import { systemClock } from "../../base/clock/clock.ts";
import { within } from "../../base/clock/within.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { createEgress } from "../../egress/create-egress.ts";
import { openProxy } from "./proxy.ts";
import { freePort, listening } from "../../base/testing/listening.ts";

const target = createServer(async (incoming, response) => {
  response.setHeader("keep-alive", "timeout=1");
  response.end(`${incoming.method} ${incoming.url} ${String(incoming.headers["proxy-connection"] ?? "-")} ${await text(incoming)}`);
});
let port: number;
let proxyPort: number;
let closeProxy: () => void;

before(async () => {
  port = await listening(target);
  proxyPort = await freePort();
  const egress = createEgress({ allow: ["127.0.0.1:*"], bound: ["127.0.0.1:*"] });
  closeProxy = await openProxy({
    where: { host: "127.0.0.1", port: proxyPort },
    connect: (host, to) => egress.connect(host, to),
    limit: 64,
  });
});
after(() => {
  closeProxy();
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

test("a client that closes its half after a plain request gets its reply", async () => {
  const socket = connect({ port: proxyPort, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(`GET http://127.0.0.1:${port}/half HTTP/1.1\r\nhost: x\r\n\r\n`);
  assert.match(await text(socket), /^HTTP\/1\.1 200 [^]*GET \/half/);
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
  const plain = await through({ path: "http://10.0.0.1:1/", method: "GET" });
  assert.equal(plain.status, 403);
  assert.match(plain.text, /may not reach 10\.0\.0\.1:1/);
  const socket = connect(proxyPort, "127.0.0.1");
  socket.write("CONNECT 169.254.169.254:80 HTTP/1.1\r\nhost: x\r\n\r\n");
  assert.match(await text(socket), /^HTTP\/1\.1 403 .*\r\n[^]*may not reach 169\.254\.169\.254/);
});

test("malformed requests are refused, and harm nobody else", async () => {
  for (const nonsense of ["\0\0\0", "CONNECT :::: HTTP/1.1\r\nhost: x\r\n\r\n", "GET not-a-url HTTP/1.1\r\nhost: x\r\n\r\n"]) {
    const socket = connect(proxyPort, "127.0.0.1");
    socket.end(nonsense);
    assert.doesNotMatch(await text(socket), / 200 /);
  }
  assert.equal((await through({ path: `http://127.0.0.1:${port}/`, method: "GET" })).status, 200);
});

/** A server that answers every connection with these bytes. */
async function rawServer(context: TestContext, answer: string | Buffer): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(answer));
  });
  const port = await listening(server);
  context.after(() => server.close());
  return `http://127.0.0.1:${port}/`;
}

test("a malformed reply gives its own request a 502, and affects no other", async (context) => {
  const heads = ["000 X", "001 X", "099 X", "199 X", "600 X", "999 X", "101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade"];
  for (const head of heads) {
    const path = await rawServer(context, `HTTP/1.1 ${head}\r\ncontent-length: 0\r\n\r\n`);
    assert.equal((await through({ path, method: "GET" })).status, 502, head);
  }
  for (const nothing of ["", "nonsense\r\n\r\n", Buffer.alloc(70_000, "x")]) {
    const path = await rawServer(context, nothing);
    assert.equal((await through({ path, method: "GET" })).status, 502);
  }
  assert.equal((await through({ path: `http://127.0.0.1:${port}/`, method: "GET" })).status, 200);
});

test("whatever bytes a server or a client sends, the next request is served", async (context) => {
  const seed = seedOf();
  context.diagnostic(`MAYFLY_SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 150; round++) {
    const path = await rawServer(
      context,
      mangled("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", random),
    );
    await within(systemClock, 30_000, `round ${round}, seed ${seed}: the reply's end`, answeredOrCut(path));
    const client = connect(proxyPort, "127.0.0.1");
    client.on("error", () => undefined);
    client.end(mangled(`${round % 2 === 0 ? "GET" : "CONNECT"} ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc`, random));
    client.resume();
    await within(systemClock, 30_000, `round ${round}, seed ${seed}: the client's end`, once(client, "close"));
  }
  assert.equal((await through({ path: `http://127.0.0.1:${port}/`, method: "GET" })).status, 200);
});

async function answeredOrCut(path: string): Promise<void> {
  await through({ path, method: "GET" }).catch(() => "a reply may end early");
}

/** The text with some bytes changed, doubled, dropped or made control characters. */
function mangled(text: string, random: Random): Buffer {
  const bytes = [...Buffer.from(text)];
  for (let change = random.below(6); change >= 0; change--) {
    const at = random.below(bytes.length);
    const kind = random.below(4);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes.splice(at, 1 + random.below(8));
    else if (kind === 2) bytes.splice(at, 0, ...bytes.slice(at, at + random.below(30)));
    else bytes.splice(at, 0, ...Buffer.from(["\0", "\r", "\n", "\r\n\r\n", "000", "-1", "999999999999999999999", ": "][random.below(8)]!));
    if (bytes.length === 0) bytes.push(0);
  }
  return Buffer.from(bytes);
}

async function through(options: { path: string; method: string; headers?: Record<string, string> }, body = "") {
  const outgoing = request({ host: "127.0.0.1", port: proxyPort, agent: false, ...options });
  outgoing.end(body);
  const [reply] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: reply.statusCode, text: await text(reply) };
}
